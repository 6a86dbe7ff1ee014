import Testing

@testable import BlockStructure

struct SimilarIntervalsTests {
    @Test(arguments: 0..<60)
    func noOtherChoiceOfIntervalsScoresHigher(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        let count = 3 + seed % 10
        var criteria = BlockCriteria()
        criteria.intervalLayers = 2 + seed % 3
        criteria.threshold = 0.8
        let cuts = (0..<3).map { _ in Int.random(in: 0..<count, using: &random) }
        let similarities = LayerSimilarities(count) { row, column in
            let isTogether = cuts.allSatisfy { (row < $0) == (column < $0) }
            return Double.random(in: isTogether ? 0.7...1 : 0.2...0.95, using: &random)
        }
        let intervals = self.intervals(similarities, criteria)
        let best = Oracle(count: count, values: similarities.values)
            .bestIntervals(atLeast: criteria.intervalLayers, threshold: 0.8, penalty: 0.25)
        #expect(intervals == best.intervals)
    }

    @Test func layersBelowTheThresholdStayOutside() {
        let similarities = LayerSimilarities(12) { _, _ in 0.9 }
        #expect(self.intervals(similarities, BlockCriteria()) == [])
    }

    @Test(arguments: [0, 1, 4, 5, 6])
    func anIntervalHasFiveLayers(layerCount: Int) {
        let similarities = LayerSimilarities(layerCount) { _, _ in 0.99 }
        #expect(self.intervals(similarities, BlockCriteria()) == (layerCount < 5 ? [] : [0...layerCount - 1]))
    }

    @Test func anUndefinedLayerIsBridgedAndAnEdgeIsNeverUndefined() {
        let similarities = Self.alike(20, undefined: [0, 7, 8, 9, 10, 19])
        #expect(self.intervals(similarities, BlockCriteria()) == [1...18])
    }

    @Test func aHoleAsLongAsTheShortestIntervalEndsIt() {
        let similarities = Self.alike(20, undefined: [7, 8, 9, 10, 11])
        #expect(self.intervals(similarities, BlockCriteria()) == [0...6, 12...19])
    }

    @Test func undefinedLayersDoNotCountForTheLengthOfAnInterval() {
        #expect(self.intervals(Self.alike(6, undefined: [2, 3]), BlockCriteria()) == [])
        #expect(self.intervals(Self.alike(6, undefined: [3]), BlockCriteria()) == [0...5])
        #expect(self.intervals(Self.alike(6, undefined: Array(0..<6)), BlockCriteria()) == [])
    }

    private func intervals(_ similarities: LayerSimilarities, _ criteria: BlockCriteria) -> [ClosedRange<Int>] {
        let isDefined = (0..<similarities.layerCount).map(similarities.isDefined)
        return SimilarIntervals(similarities, isDefined: isDefined, criteria: criteria).intervals
    }

    /// Layers that are all alike, but for undefined ones.
    static func alike(_ layerCount: Int, undefined: [Int]) -> LayerSimilarities {
        var values = [Double](repeating: 0.99, count: layerCount * layerCount)
        for layer in 0..<layerCount {
            values[layer * layerCount + layer] = 1
            for undefined in undefined {
                values[layer * layerCount + undefined] = .nan
                values[undefined * layerCount + layer] = .nan
            }
        }
        return LayerSimilarities(layerCount: layerCount, values: values)
    }
}
