public import Similarity
internal import WireFormat

extension WindowSums {
    /// What the first components say about the layers, `nil` where no batch of the window came with them.
    ///
    /// - Complexity: O(*L*²) for *L* layers.
    public func firstComponentMatrices() -> FirstComponentMatrices? {
        self.firstComponents.map(FirstComponentMatrices.init)
    }

    /// The share of the variance that the first component carries, its mean over some layers.
    ///
    /// - Parameter layers: The layers.
    /// - Returns: The mean over those of them whose component is defined, `nil` where none is.
    public func firstComponentFraction(of layers: some Collection<Int>) -> Double? {
        guard let fractions = self.firstComponents?.fractions else { return nil }
        let defined = layers.filter(fractions.indices.contains).map { fractions[$0] }.filter { !$0.isNaN }
        return defined.isEmpty ? nil : defined.reduce(0, +) / Double(defined.count)
    }

    /// The examples that carry the first component of some layers.
    ///
    /// Of each place in a probe set the window's latest batch counts. An example that comes in several batches without a
    /// probe set, by the emitter's name for it, is named once, where its share is largest.
    ///
    /// - Parameters:
    ///   - layers: The layers, whose shares are averaged.
    ///   - count: How many examples are named at most.
    /// - Returns: The examples with the largest shares, largest first.
    /// - Complexity: O(*b* *n* *l*) for *b* batches of *n* examples and *l* layers.
    public func dominantExamples(of layers: some Collection<Int>, count: Int) -> [ExampleShare] {
        var all: [ExampleShare] = []
        for batch in self.shares {
            guard let means = batch.means(over: layers) else { continue }
            // No more of one batch than are named in all.
            let rows = means.indices.sorted { (means[$0], $1) > (means[$1], $0) }.prefix(count)
            all += rows.map { row in
                ExampleShare(
                    probe: batch.probe,
                    batch: batch.batchIndex,
                    row: row,
                    id: batch.examples?[row],
                    share: means[row]
                )
            }
        }
        // Sorting an array is stable: equal shares stay in the order of the batches and their rows.
        all.sort { $0.share > $1.share }
        var named: Set<ExampleID> = []
        var dominant: [ExampleShare] = []
        for example in all where dominant.count < count {
            if example.probe == nil, let id = example.id, !named.insert(id).inserted {
                continue
            }
            dominant.append(example)
        }
        return dominant
    }

    /// The bytes that the sums and shares of first components hold.
    public var firstComponentByteCount: Int {
        let sums = self.firstComponents.map { FirstComponentAccumulator.byteCount(layerCount: $0.layerCount) } ?? 0
        return self.shares.reduce(sums) { $0 + $1.byteCount }
    }
}
