import Similarity
import Testing

@Suite struct CKAMatrixTests {
    /// One batch of two layers that share half of their variance.
    private static func batch(_ random: inout Random, exampleCount: Int = 12, scale: Double = 1) throws -> BatchHSIC {
        let x = random.normals(exampleCount * 3)
        let y = x.map { $0 + random.normal() }
        return hsic(
            try [x, y].map { try Layer($0.map { scale * $0 }, exampleCount: exampleCount).uCentered() }
        )
    }

    private static func sums(_ batches: [BatchHSIC]) -> HSICAccumulator {
        batches.reduce(into: HSICAccumulator(layerCount: batches[0].layerCount)) { $0.add($1) }
    }

    /// A batch of two layers with the given inner products.
    private static func batch(_ products: [Double], isConstant: [Bool] = [false, false]) -> BatchHSIC {
        BatchHSIC(exampleCount: 10, products: products, traces: [1, 1], isConstant: isConstant)
    }

    @Test func everyEntryIsTheRatioOfSums() throws {
        var random = Random(seed: 41)
        let batches = try [12, 30, 4].map { try Self.batch(&random, exampleCount: $0) }
        let sums = Self.sums(batches)
        let matrix = CKAMatrix(groups: batches.map { Self.sums([$0]) })
        let expected = sums.products[1] / sums.products[0].squareRoot() / sums.products[2].squareRoot()
        #expect(matrix.layerCount == 2 && matrix.undefinedLayers.isEmpty)
        #expect(abs(matrix.values[1] - expected) <= 1e-15 && matrix.values[1] == matrix.values[2])
        #expect([0, 3].allSatisfy { abs(matrix.values[$0] - 1) <= 1e-15 })
        #expect([(0, 0), (1, 1), (2, 1), (3, 2)].allSatisfy { matrix.hsic[$0] == sums.products[$1] / sums.weight })
    }

    @Test func negativeSimilaritiesAreNotClamped() {
        let matrix = CKAMatrix(groups: [Self.sums([Self.batch([4, -1, 1])])])
        #expect(matrix.values == [1, -0.5, -0.5, 1])
    }

    /// ρ = ‖cov‖ / tr(cov): 1 for one direction, √(1/3) for three equal ones.
    @Test(arguments: [(1, 1.0), (3, 0.577)])
    func dominanceTellsOneDirectionFromMany(featureCount: Int, expected: Double) throws {
        var random = Random(seed: 42)
        let layer = Layer(random.normals(800 * featureCount), exampleCount: 800)
        let dominance = try similarities([layer.uCentered()]).dominance[0]
        #expect(abs(dominance - expected) < 0.02 && dominance <= 1)
    }

    @Test func largestBatchHasItsShare() {
        let batches = [Self.batch([6, 1, 1]), Self.batch([3, 1, 1]), Self.batch([1, 1, 2])]
        let matrix = CKAMatrix(groups: [Self.sums([batches[0], batches[1]]), Self.sums([batches[2]])])
        #expect(matrix.largestBatchShare == [0.6, 0.5])
    }

    @Test func undefinedLayersAreNamedWithTheirReason() {
        let cases: [(batches: [BatchHSIC], reason: UndefinedReason?)] = [
            ([], .noData),
            ([Self.batch([0, 0, 1], isConstant: [true, false])], .constant),
            ([Self.batch([0, 0, 1], isConstant: [true, false]), Self.batch([0, 0, 1])], .underflow),
            ([Self.batch([0, 0, 1], isConstant: [true, false]), Self.batch([1, 0, 1])], nil),
            ([Self.batch([.infinity, .infinity, 1])], .overflow),
            ([Self.batch([.nan, .nan, 1])], .overflow),
            (
                [Self.batch([.greatestFiniteMagnitude, 1, 1]), Self.batch([.greatestFiniteMagnitude, 1, 1])], .overflow
            ),
        ]
        for (batches, reason) in cases {
            var sums = HSICAccumulator(layerCount: 2)
            for batch in batches {
                sums.add(batch)
            }
            let matrix = CKAMatrix(groups: [sums])
            #expect(matrix.undefinedLayers[0] == reason)
            #expect(matrix.undefinedLayers[1] == (batches.isEmpty ? .noData : nil))
            #expect([0, 1, 2].allSatisfy { matrix.values[$0].isNaN == (reason != nil) })
            #expect(matrix.values[3].isNaN == batches.isEmpty)
            #expect(
                matrix.dominance[0].isNaN == (reason != nil) && matrix.largestBatchShare[0].isNaN == (reason != nil)
            )
        }
    }

    @Test func fewerThanTwoGroupsHaveNoStandardErrors() throws {
        var random = Random(seed: 43)
        let group = Self.sums([try Self.batch(&random), try Self.batch(&random)])
        let empty = HSICAccumulator(layerCount: 2)
        for groups in [[group], [group, empty], [empty, empty]] {
            #expect(CKAMatrix(groups: groups).standardErrors.allSatisfy { $0.isNaN })
        }
        let other = Self.sums([try Self.batch(&random)])
        #expect(CKAMatrix(groups: [group], errorGroups: [group, other]).standardErrors[1] > 0)
    }

    @Test func standardErrorsLeaveOneGroupOutAtATime() throws {
        var random = Random(seed: 44)
        let groups = try (0..<5).map { _ in Self.sums([try Self.batch(&random), try Self.batch(&random)]) }
        let matrix = CKAMatrix(groups: groups + [HSICAccumulator(layerCount: 2)])
        let left = groups.indices.map { excluded -> Double in
            var sums = HSICAccumulator(layerCount: 2)
            for group in groups.indices where group != excluded {
                sums.merge(groups[group])
            }
            return sums.products[1] / (sums.products[0] * sums.products[2]).squareRoot()
        }
        let mean = left.reduce(0, +) / 5
        let expected = (left.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } * 4 / 5).squareRoot()
        #expect(abs(matrix.standardErrors[1] / expected - 1) < 1e-12)
        #expect(matrix.standardErrors[0] == 0 && matrix.standardErrors[3] == 0)
    }

    @Test func oneGroupThatCarriesALayerLeavesItsErrorsUndefined() {
        let constant = Self.sums([Self.batch([0, 0, 1], isConstant: [true, false])])
        let varying = Self.sums([Self.batch([1, 0.5, 1])])
        let matrix = CKAMatrix(groups: [constant, varying, constant])
        #expect(matrix.values[1] > 0)
        #expect([0, 1, 2].allSatisfy { matrix.standardErrors[$0].isNaN } && matrix.standardErrors[3] == 0)
    }

    /// Subtracting a group of 1e20 from the total would leave nothing of the others.
    @Test func hugeGroupLeavesTheOthersTheirStandardErrors() throws {
        var random = Random(seed: 45)
        let small = try (0..<3).map { _ in Self.sums([try Self.batch(&random)]) }
        let huge = Self.sums([try Self.batch(&random, scale: 1e10)])
        let matrix = CKAMatrix(groups: small + [huge])
        let withoutHuge = CKAMatrix(groups: small).values[1]
        let deviation = withoutHuge - matrix.values[1]
        // Three of the four similarities left out are the huge group's own.
        #expect(abs(matrix.standardErrors[1] / (abs(deviation) * 0.75) - 1) < 1e-9)
    }

    /// A probe set of four batches is as much evidence after sixteen sweeps as after one.
    @Test func sweepingAProbeSetAgainIsNoNewEvidence() throws {
        var random = Random(seed: 46)
        let probes = try (0..<4).map { _ in try Self.batch(&random) }
        let once = CKAMatrix(groups: probes.map { Self.sums([$0]) })
        let often = CKAMatrix(groups: probes.map { Self.sums(Array(repeating: $0, count: 16)) })
        #expect(abs(often.values[1] - once.values[1]) < 1e-14)
        #expect(once.standardErrors[1] > 0.01)
        #expect(abs(often.standardErrors[1] / once.standardErrors[1] - 1) < 1e-12)
    }

    /// 95 % intervals from eight groups contain the population's similarity about as often as they promise.
    ///
    /// For Gaussian x and y = x + e with unit variances, CKA = ‖Σxy‖² / (‖Σxx‖ ‖Σyy‖) = 1/2.
    @Test func intervalsCoverWhatTheyPromise() throws {
        var random = Random(seed: 47)
        let quantile = 2.364_624  // Student's t, 7 degrees of freedom
        let repetitions = 300
        var covered = 0
        for _ in 0..<repetitions {
            let groups = try (0..<8).map { _ in Self.sums(try (0..<4).map { _ in try Self.batch(&random) }) }
            let matrix = CKAMatrix(groups: groups)
            covered += abs(matrix.values[1] - 0.5) <= quantile * matrix.standardErrors[1] ? 1 : 0
        }
        #expect((0.90...0.98).contains(Double(covered) / Double(repetitions)))
    }
}
