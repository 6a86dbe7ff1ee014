import LinearAlgebra
import Testing

@testable import Benchmarks

@Suite struct ReferenceKernelsTests {
    @Test(arguments: [
        ("Prescott", KernelLevel.v4, ["Haswell", "SkylakeX"]),
        ("Zen", .v4, ["Haswell", "SkylakeX"]),
        ("SkylakeX", .v4, ["Haswell"]),
        ("Nehalem", .v3, ["Haswell"]),
        ("Haswell", .v3, []),
        ("Prescott", .baseline, []),
    ])
    func kernelsForTheProcessorsVectorsAreTried(name: String, level: KernelLevel, others: [String]) {
        #expect(ReferenceKernels.candidates(besides: name, on: level) == others)
    }

    @Test(arguments: [
        (["Zen": 235.0, "Haswell": 230, "SkylakeX": 410], "SkylakeX"),
        (["Zen": 235, "Haswell": 410, "SkylakeX": 230], "Haswell"),
        (["Zen": 235, "Haswell": 230, "SkylakeX": 240], nil),
        (["Zen": 235], nil),
    ])
    func onlyMuchFasterKernelsAreTaken(rates: [String: Double], name: String?) {
        #expect(ReferenceKernels.fastest(rates, inUse: "Zen") == name)
    }

    @Test func kernelsInUseHaveAName() {
        #expect(!ReferenceKernels.name.isEmpty)
    }
}
