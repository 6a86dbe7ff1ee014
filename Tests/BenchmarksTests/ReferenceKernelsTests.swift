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
        ([230.0, 410], 235, "SkylakeX"),
        ([410, 230], 235, "Haswell"),
        ([230, 240], 235, nil),
        ([], 235, nil),
    ])
    func onlyMuchFasterKernelsAreTaken(rates: [Double], own: Double, name: String?) {
        let names = Array(["Haswell", "SkylakeX"].prefix(rates.count))
        #expect(ReferenceKernels.fastest(of: names, rates: rates, own: own) == name)
    }

    @Test func kernelsInUseHaveAName() {
        #expect(!ReferenceKernels.name.isEmpty)
    }
}
