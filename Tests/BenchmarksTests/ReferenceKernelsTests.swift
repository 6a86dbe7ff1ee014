import LinearAlgebra
import Testing

@testable import Benchmarks

@Suite struct ReferenceKernelsTests {
    /// An OpenBLAS that is older than the processor takes the kernels of its oldest one.
    @Test func kernelsWithoutTheProcessorsVectorsAreReplaced() {
        #expect(ReferenceKernels.kernels(insteadOf: "Prescott", on: .v4) == "SkylakeX")
        #expect(ReferenceKernels.kernels(insteadOf: "Nehalem", on: .v3) == "Haswell")
        #expect(ReferenceKernels.kernels(insteadOf: "Sandybridge", on: .v3) == "Haswell")
    }

    @Test(arguments: [("SkylakeX", KernelLevel.v4), ("Zen", .v4), ("Haswell", .v3), ("Haswell", .v4)])
    func kernelsOfAProcessorThatIsKnownStay(name: String, level: KernelLevel) {
        #expect(ReferenceKernels.kernels(insteadOf: name, on: level) == nil)
    }

    @Test func whereThereAreNoVectorsNothingIsReplaced() {
        #expect(ReferenceKernels.kernels(insteadOf: "Prescott", on: .baseline) == nil)
    }

    @Test func kernelsInUseHaveAName() {
        #expect(!ReferenceKernels.name.isEmpty)
    }
}
