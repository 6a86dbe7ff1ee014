import LinearAlgebra
import Testing

@testable import Benchmarks

@Suite struct ReferenceKernelsTests {
    /// An OpenBLAS that is older than the processor takes the kernels of its oldest one.
    @Test(arguments: [
        ("Prescott", KernelLevel.v4, "SkylakeX"), ("Nehalem", .v3, "Haswell"), ("Sandybridge", .v3, "Haswell"),
        ("SkylakeX", .v4, nil), ("Zen", .v4, nil), ("Haswell", .v3, nil), ("Prescott", .baseline, nil),
    ])
    func kernelsWithoutTheProcessorsVectorsAreReplaced(name: String, level: KernelLevel, expected: String?) {
        #expect(ReferenceKernels.kernels(insteadOf: name, on: level) == expected)
    }

    @Test func kernelsInUseHaveAName() {
        #expect(!ReferenceKernels.name.isEmpty)
    }
}
