import Similarity
import Testing

@Suite struct HSICAccumulatorTests {
    /// A batch of arbitrary, valid sums.
    private func batch(_ exampleCount: Int, layerCount: Int = 3, seed: UInt64, scale: Double = 1) -> BatchHSIC {
        var random = Random(seed: seed)
        return BatchHSIC(
            exampleCount: exampleCount,
            products: (0..<layerCount * (layerCount + 1) / 2).map { _ in scale * (1 + random.uniform()) },
            traces: (0..<layerCount).map { _ in scale * random.uniform() },
            isConstant: (0..<layerCount).map { $0 == 1 && seed % 2 == 0 }
        )
    }

    @Test func sumsAndCountsAddUp() {
        var sums = HSICAccumulator(layerCount: 3)
        #expect(sums.isEmpty)
        let batches = [self.batch(4, seed: 1), self.batch(10, seed: 2), self.batch(7, seed: 3)]
        for batch in batches {
            sums.add(batch)
        }
        for place in 0..<6 {
            #expect(sums.products[place] == batches.reduce(0) { $0 + $1.products[place] })
        }
        for layer in 0..<3 {
            #expect(sums.traces[layer] == batches.reduce(0) { $0 + $1.traces[layer] })
        }
        #expect(sums.largestSelfTerms == [0, 3, 5].map { place in batches.reduce(0) { max($0, $1.products[place]) } })
        #expect(sums.constantBatchCounts == [0, 1, 0])
        #expect(sums.weight == 4 + 70 + 28)
        #expect(sums.degreesOfFreedom == 3 + 9 + 6)
        #expect(sums.batchCount == 3 && sums.exampleCount == 21 && !sums.isEmpty)
    }

    @Test func weightsAndForgettingSpareTheCounts() {
        var weighted = HSICAccumulator(layerCount: 3)
        weighted.add(self.batch(9, seed: 2), weight: 0.25)
        var forgotten = HSICAccumulator(layerCount: 3)
        forgotten.add(self.batch(9, seed: 2))
        forgotten.scale(by: 0.25)
        #expect(weighted == forgotten)
        #expect(weighted.weight == 0.25 * 54 && weighted.degreesOfFreedom == 2)
        #expect(weighted.batchCount == 1 && weighted.exampleCount == 9 && weighted.constantBatchCounts == [0, 1, 0])
    }

    @Test func mergingInAnyOrderGivesTheSameSums() {
        var random = Random(seed: 31)
        let parts = (0..<12).map { part -> HSICAccumulator in
            var sums = HSICAccumulator(layerCount: 3)
            for batch in 0...part % 3 {
                // Whole numbers add up exactly, so that any order must give the very same bits.
                let whole = self.batch(5 + part, seed: UInt64(10 * part + batch))
                sums.add(
                    BatchHSIC(
                        exampleCount: whole.exampleCount,
                        products: whole.products.map { ($0 * 1000).rounded() },
                        traces: whole.traces.map { ($0 * 1000).rounded() },
                        isConstant: whole.isConstant
                    )
                )
            }
            return sums
        }
        func merged(_ parts: [HSICAccumulator]) -> HSICAccumulator {
            parts.reduce(into: HSICAccumulator(layerCount: 3)) { $0.merge($1) }
        }
        let expected = merged(parts)
        for _ in 0..<20 {
            let shuffled = parts.shuffled(using: &random)
            #expect(merged(shuffled) == expected)
            #expect(merged([merged(Array(shuffled[..<5])), merged(Array(shuffled[5...]))]) == expected)
        }
    }

    @Test func hundredThousandBatchesDoNotDrift() {
        let batches = (0..<100).map { self.batch(16, layerCount: 2, seed: $0, scale: 0.1) }
        var sums = HSICAccumulator(layerCount: 2)
        var blocks = HSICAccumulator(layerCount: 2)
        for _ in 0..<100 {
            var block = HSICAccumulator(layerCount: 2)
            for _ in 0..<10 {
                for batch in batches {
                    sums.add(batch)
                    block.add(batch)
                }
            }
            blocks.merge(block)
        }
        #expect(sums.batchCount == 100_000)
        for (sum, reference) in zip(sums.products + sums.traces, blocks.products + blocks.traces) {
            #expect(abs(sum / reference - 1) < 1e-9)
        }
        let matrices = [CKAMatrix(groups: [sums]), CKAMatrix(groups: [blocks])]
        #expect(abs(matrices[0].values[1] - matrices[1].values[1]) < 1e-9)
    }

    @Test func copiesAreIndependent() {
        var sums = HSICAccumulator(layerCount: 3)
        sums.add(self.batch(8, seed: 1))
        let copy = sums
        sums.add(self.batch(8, seed: 2))
        #expect(copy.batchCount == 1 && copy.products == self.batch(8, seed: 1).products)
    }

    @Test func savedSumsAreRestored() {
        var sums = HSICAccumulator(layerCount: 3)
        sums.add(self.batch(8, seed: 1))
        sums.add(self.batch(5, seed: 2), weight: 0.5)
        let restored = HSICAccumulator(
            products: sums.products,
            traces: sums.traces,
            largestSelfTerms: sums.largestSelfTerms,
            constantBatchCounts: sums.constantBatchCounts,
            weight: sums.weight,
            degreesOfFreedom: sums.degreesOfFreedom,
            batchCount: sums.batchCount,
            exampleCount: sums.exampleCount
        )
        #expect(restored == sums)
        #expect(sums.byteCount >= 8 * (6 + 3 + 3 + 3))
    }

    @Test func otherLayerCountsTrap() async {
        await #expect(processExitsWith: .failure) {
            var sums = HSICAccumulator(layerCount: 2)
            sums.merge(HSICAccumulator(layerCount: 3))
        }
    }
}
