import Similarity
import Testing
import WireFormat

@testable import Monitoring

@Suite("First components in windows")
struct FirstComponentTests {
    /// A contribution of two layers whose first example has the given share in both, the others the rest evenly.
    private static func hsic(share: Float, row: Int = 0, eigenvalue: Double = 1) -> BatchHSIC {
        let n = 8
        let shares = (0..<n).map { $0 == row ? share : (1 - share) / Float(n - 1) }
        return BatchHSIC(
            exampleCount: n,
            products: [1, 0.5, 1],
            traces: [4, 4],
            isConstant: [false, false],
            firstComponents: BatchFirstComponents(
                exampleCount: n,
                undefined: [nil, nil],
                eigenvalues: [eigenvalue, 2 * eigenvalue],
                alignments: [1, 0.25, 1],
                restProducts: [1, 0.5, 1],
                shares: shares + shares
            )
        )
    }

    private static func header(step: Int, seq: Int, batch: Int? = nil, probe: String? = "set") -> BatchHeader {
        .example(step: step, seq: seq, layers: ["a", "b"], batch: batch, batches: batch.map { _ in 2 }, probe: probe)
    }

    @Test func everyWindowPoolsTheBatchesThatHaveThem() {
        var bench = Bench()
        for index in 0..<40 {
            bench.add(Self.header(step: index, seq: index), Self.hsic(share: 0.5, eigenvalue: Double(index % 4)))
        }
        let plain = BatchHSIC(exampleCount: 8, products: [1, 0.5, 1], traces: [4, 4], isConstant: [false, false])
        bench.add(Self.header(step: 40, seq: 40), plain)
        let total = bench.sums(.total)
        #expect(total?.batchCount == 41)
        #expect(total?.firstComponents?.batchCount == 40)
        #expect(total?.firstComponentFraction(of: 0..<1) == 1.5 / 4)
        #expect(total?.firstComponentFraction(of: 0..<2) == (1.5 + 3) / 8)
        #expect(total?.firstComponentFraction(of: 2..<5) == nil)
        #expect(total?.firstComponentFraction(of: [1, 7]) == 0.75)
        #expect(bench.sums(.recent)?.firstComponents?.batchCount == 16)
        #expect(bench.sums(.trend)?.firstComponents?.batchCount == 40)
    }

    @Test func sweepReplacesTheOneBefore() {
        var bench = Bench()
        var seq = 0
        for step in 0..<3 {
            for batch in 0..<2 {
                bench.add(
                    Self.header(step: step, seq: seq, batch: batch),
                    Self.hsic(share: 0.5 + 0.1 * Float(batch), row: step)
                )
                seq += 1
            }
        }
        let named = bench.sums(.total)?.dominantExamples(of: 0..<2, count: 2) ?? []
        #expect(named.map(\.batch) == [1, 0])
        #expect(named.map(\.row) == [2, 2])
        #expect(named.map(\.probe) == ["set", "set"])
        #expect(abs((named.first?.share ?? 0) - 0.6) < 1e-6)
    }

    @Test func endedPassKeepsItsExamplesWhileTheNextIsUnderWay() {
        var bench = Bench()
        for (seq, (step, batch)) in [(0, 0), (0, 1), (1, 0)].enumerated() {
            bench.add(Self.header(step: step, seq: seq, batch: batch), Self.hsic(share: 0.5, row: step))
        }
        #expect(bench.sums(.pass)?.dominantExamples(of: 0..<2, count: 2).map(\.row) == [0, 0])
        #expect(bench.passes.first?.sums.dominantExamples(of: 0..<2, count: 2).map(\.batch) == [0, 1])
    }

    @Test func windowNamesNoExampleOfABatchThatHasLeftIt() {
        var bench = Bench()
        for index in 0..<40 {
            let hsic = Self.hsic(share: index == 3 ? 0.9 : 0.3)
            bench.add(Self.header(step: index, seq: index, probe: nil), hsic)
        }
        #expect((bench.sums(.total)?.dominantExamples(of: 0..<2, count: 1).first?.share ?? 0) > 0.89)
        #expect((bench.sums(.recent)?.dominantExamples(of: 0..<2, count: 1).first?.share ?? 1) < 0.31)
    }

    @Test func wantOfMemoryCostsTheComponentsAlone() {
        let windows = [WindowDefinition.pass, .recent, .trend, .total]
        let needed = WindowSet.byteCount(definitions: windows, layerCount: 2)
        var bench = Bench(memory: needed + 100)
        bench.add(Self.header(step: 0, seq: 0), Self.hsic(share: 0.5))
        #expect(bench.sums(.total)?.batchCount == 1)
        #expect(bench.sums(.total)?.firstComponents == nil)
        #expect(bench.monitor.droppedFirstComponentCount == 1)
        #expect(bench.memory.used == needed)
    }

    @Test func everyByteComesBack() {
        var bench = Bench()
        for index in 0..<20 {
            bench.add(Self.header(step: index, seq: index, batch: index % 2), Self.hsic(share: 0.5))
        }
        let used = bench.memory.used
        #expect(used > WindowSet.byteCount(definitions: [.pass, .recent, .trend, .total], layerCount: 2))
        // Another list of layers begins a generation.
        bench.add(
            .example(step: 20, seq: 20),
            .init(
                exampleCount: 16,
                products: [1, 0, 0, 1, 0, 1],
                traces: [1, 1, 1],
                isConstant: [false, false, false]
            )
        )
        #expect(
            bench.memory.used
                == WindowSet.byteCount(
                    definitions: [.pass, .recent, .trend, .total],
                    layerCount: 3
                )
        )
        bench.take(bench.monitor.forget(.example) ?? [])
        #expect(bench.memory.used == 0)
    }

    @Test func sharesStayWithinTheirBounds() {
        let memory = MemoryBudget(limit: 10_000)
        var store = ShareStore()
        for ordinal in 0..<100 {
            let batch = BatchShares(
                ordinal: ordinal,
                step: ordinal,
                probe: nil,
                batchIndex: nil,
                examples: (0..<8).map { .string("example \($0)") },
                exampleCount: 8,
                shares: [Float](repeating: 0.125, count: 16)
            )
            store.add(batch, memory: memory)
            #expect(memory.used == store.byteCount)
            #expect(store.byteCount >= batch.byteCount)
        }
        store.removeAll(memory: memory)
        #expect(memory.used == 0)
    }

    @Test func exampleWithoutAProbeSetIsNamedOnce() {
        var bench = Bench()
        for index in 0..<4 {
            var header = Self.header(step: index, seq: index, probe: nil)
            header = BatchHeader(
                run: header.run,
                step: header.step,
                session: header.session,
                seq: header.seq,
                examples: (0..<8).map { .integer($0 + 4 * (index % 2)) },
                tensors: header.tensors,
                exampleCount: 8
            )
            bench.add(header, Self.hsic(share: 0.4 + 0.1 * Float(index)))
        }
        let named = bench.sums(.total)?.dominantExamples(of: 0..<2, count: 3) ?? []
        #expect(named.prefix(2).map(\.id) == [.integer(4), .integer(0)])
        #expect(Set(named.map(\.id)).count == 3)
    }
}
