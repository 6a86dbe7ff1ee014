import Testing

@testable import Similarity

@Suite struct FirstComponentAccumulatorTests {
    private static let layerCount = 4

    /// A batch with made-up figures, and why layers have none.
    private static func batch(seed: UInt64, undefined: [UndefinedComponent?] = [nil, nil, nil, nil]) -> Batch {
        var random = Random(seed: seed)
        let n = 8 + Int(seed % 5)
        let isDefined = undefined.map { $0.map { $0 == .noRest } ?? true }
        var alignments: [Double] = []
        var products: [Double] = []
        for i in 0..<4 {
            for j in i..<4 {
                let alignment = abs(random.uniform())
                let product = i == j ? 2 + random.uniform() : random.uniform()
                alignments.append(isDefined[i] && isDefined[j] ? alignment : 0)
                products.append(undefined[i] == nil && undefined[j] == nil ? product : 0)
            }
        }
        let components = BatchFirstComponents(
            exampleCount: n,
            undefined: undefined,
            eigenvalues: isDefined.map { $0 ? 1 + abs(random.uniform()) : 0 },
            alignments: alignments,
            restProducts: products,
            shares: [Float](repeating: 0, count: 4 * n)
        )
        return Batch(components: components, traces: (0..<4).map { _ in 4 + random.uniform() })
    }

    private struct Batch {
        let components: BatchFirstComponents
        let traces: [Double]

        func value(_ values: [Double], _ i: Int, _ j: Int) -> Double {
            let (i, j) = (min(i, j), max(i, j))
            return values[i * (7 - i) / 2 + j]
        }
    }

    /// The figures straight from their definitions, pair by pair.
    private static func expected(_ batches: [Batch], weights: [Double]) -> [[Double]] {
        var fractions: [Double] = []
        var alignments: [Double] = []
        var similarities: [Double] = []
        let weighted = Array(zip(batches, weights))
        for i in 0..<4 {
            let own = weighted.filter { $0.0.components.isDefined(i) }
            let value = own.reduce(0) { $0 + $1.1 * $1.0.components.eigenvalues[i] }
            fractions.append(value / own.reduce(0) { $0 + $1.1 * $1.0.traces[i] })
            for j in 0..<4 {
                let pairs = own.filter { $0.0.components.isDefined(j) }
                let total = pairs.reduce(0) { $0 + $1.1 * Double($1.0.components.exampleCount) }
                let aligned = pairs.reduce(0) {
                    $0 + $1.1 * Double($1.0.components.exampleCount) * $1.0.value($1.0.components.alignments, i, j)
                }
                alignments.append(aligned / total)
                let rests = pairs.filter { $0.0.components.hasRest(i) && $0.0.components.hasRest(j) }
                func sum(_ k: Int, _ l: Int) -> Double {
                    rests.reduce(0) { $0 + $1.1 * $1.0.value($1.0.components.restProducts, k, l) }
                }
                similarities.append(sum(i, j) / sum(i, i).squareRoot() / sum(j, j).squareRoot())
            }
        }
        return [fractions, alignments, similarities]
    }

    private static func expect(
        _ sums: FirstComponentAccumulator,
        equals expected: [[Double]],
        _ location: SourceLocation = #_sourceLocation
    ) {
        let matrices = FirstComponentMatrices(sums)
        for (actual, expected) in zip([matrices.fractions, matrices.alignments, matrices.similarities], expected) {
            for (one, other) in zip(actual, expected) {
                #expect(one.isNaN == other.isNaN, sourceLocation: location)
                #expect(one.isNaN || abs(one - other) < 1e-12, sourceLocation: location)
            }
        }
    }

    private static let mixtures: [[[UndefinedComponent?]]] = [
        [[nil, nil, nil, nil]],
        [[nil, .noGap, nil, .noRest]],
        [
            [nil, nil, nil, nil], [nil, .noGap, nil, nil], [.constant, nil, nil, .noRest], [nil, nil, .noGap, .noRest],
        ],
        [[.noGap, nil, nil, nil], [nil, .noGap, .noGap, .noGap]],
    ]

    @Test(arguments: Self.mixtures)
    func pairCountsTheBatchesOnWhichBothAreDefined(mixture: [[UndefinedComponent?]]) {
        let batches = (0..<12).map { Self.batch(seed: UInt64($0 + 1), undefined: mixture[$0 % mixture.count]) }
        let weights = (0..<12).map { 1 / Double(1 + $0) }
        var sums = FirstComponentAccumulator(layerCount: Self.layerCount)
        for (batch, weight) in zip(batches, weights) {
            sums.add(batch.components, traces: batch.traces, weight: weight)
        }
        let expected = Self.expected(batches, weights: weights)
        Self.expect(sums, equals: expected)
        sums.scale(by: 0x1p-40)
        Self.expect(sums, equals: expected)
        #expect(sums.batchCount == 12)
        #expect(sums.exampleCount == batches.reduce(0) { $0 + $1.components.exampleCount })
    }

    @Test(arguments: Self.mixtures, [1, 4, 7, 11])
    func mergingEqualsAdding(mixture: [[UndefinedComponent?]], split: Int) {
        let batches = (0..<12).map { Self.batch(seed: UInt64($0 + 1), undefined: mixture[$0 % mixture.count]) }
        var (one, other) = (FirstComponentAccumulator(layerCount: 4), FirstComponentAccumulator(layerCount: 4))
        for batch in batches[..<split] {
            one.add(batch.components, traces: batch.traces)
        }
        for batch in batches[split...] {
            other.add(batch.components, traces: batch.traces)
        }
        var merged = FirstComponentAccumulator(layerCount: 4)
        merged.merge(one)
        merged.merge(other)
        Self.expect(merged, equals: Self.expected(batches, weights: batches.map { _ in 1 }))
        #expect(merged.batchCount == 12)
    }

    @Test func undefinedLayersHaveTheirReason() {
        var sums = FirstComponentAccumulator(layerCount: 4)
        #expect(sums.undefined == [.noData, .noData, .noData, .noData])
        for seed in 1...2 as ClosedRange<UInt64> {
            let batch = Self.batch(seed: seed, undefined: [.constant, seed == 1 ? .constant : .noGap, .noRest, nil])
            sums.add(batch.components, traces: batch.traces)
        }
        let matrices = FirstComponentMatrices(sums)
        #expect(matrices.undefinedLayers == [0: .constant, 1: .noGap])
        #expect(matrices.layersWithoutRest == [0: .constant, 1: .noGap, 2: .noRest])
        #expect(matrices.definedBatchCounts == [0, 0, 2, 2])
    }
}
