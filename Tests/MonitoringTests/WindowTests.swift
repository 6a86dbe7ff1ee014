import Similarity
import Testing
import WireFormat

@testable import Monitoring

@Suite("Windows")
struct WindowTests {
    private static func batches(_ count: Int, layerCount: Int = 3, seed: UInt64 = 7) -> [BatchHSIC] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { index in
            .random(layerCount: layerCount, exampleCount: 8 + index % 5, using: &generator)
        }
    }

    /// The plain weighted sum, product by product.
    private static func products(_ batches: some Collection<BatchHSIC>, weights: [Double]? = nil) -> [Double] {
        var sums = batches.first?.products.map { _ in 0.0 } ?? []
        for (place, batch) in batches.enumerated() {
            for index in sums.indices {
                sums[index] += (weights?[place] ?? 1) * batch.products[index]
            }
        }
        return sums
    }

    private static func products(_ groups: [HSICAccumulator]?) -> [Double] {
        var sums = HSICAccumulator(layerCount: groups?.first?.layerCount ?? 1)
        for group in groups ?? [] {
            sums.merge(group)
        }
        return sums.products
    }

    /// Where the sums lie in memory.
    private static func addresses(_ groups: [HSICAccumulator]?) -> [Int] {
        (groups ?? []).map { group in
            // SAFETY: the addresses are compared and never read from.
            unsafe group.products.withUnsafeBytes { Int(bitPattern: $0.baseAddress) }
        }
    }

    private static func isClose(_ one: [Double], _ other: [Double], tolerance: Double = 1e-12) -> Bool {
        one.count == other.count && zip(one, other).allSatisfy { abs($0 - $1) <= tolerance * max(abs($0), abs($1)) }
    }

    @Test func everyWindowIsWhatItsBatchesAddUpTo() {
        var bench = Bench()
        let batches = Self.batches(100)
        for (index, batch) in batches.enumerated() {
            bench.add(.example(step: index / 10, seq: index), batch)
            let count = index + 1
            let recentCount = count < 16 ? count : 16 + count % 2
            #expect(bench.sums(.recent)?.batchCount == recentCount)
            #expect(
                Self.isClose(
                    Self.products(bench.sums(.recent)?.groups),
                    Self.products(batches[..<count].suffix(recentCount))
                )
            )
            let weights = (0..<count).map {
                1 / [1, 1.189207115002721, 1.4142135623730951, 1.681792830507429][(index - $0) % 4]
                    / Double(1 << ((index - $0) / 4))
            }
            let trend = bench.sums(.trend)
            #expect(Self.isClose(Self.products(trend?.groups), Self.products(batches[..<count], weights: weights)))
            let effective = weights.reduce(0, +) * weights.reduce(0, +) / weights.reduce(0) { $0 + $1 * $1 }
            #expect(abs((trend?.effectiveBatchCount ?? 0) - effective) < 1e-9)
            #expect(trend?.batchCount == count)
            #expect(Self.isClose(Self.products(bench.sums(.total)?.groups), Self.products(batches[..<count])))
            #expect(bench.sums(.total)?.exampleCount == batches[..<count].reduce(0) { $0 + $1.exampleCount })
            #expect((bench.sums(.total)?.groups.count ?? 0) == min(count, 8))
        }
        #expect(bench.sums(.pass)?.stepFirst == 8)
        #expect(Self.isClose(Self.products(bench.sums(.pass)?.groups), Self.products(batches[80..<90])))
        #expect(bench.sums(.recent)?.stepFirst == 8)
        #expect(bench.sums(.recent)?.stepLast == 9)
    }

    @Test func decayStaysExactWhereItsWeightsAreBroughtBack() {
        var window = DecayWindow(halfLife: 0.5, layerCount: 2)
        let batches = Self.batches(400, layerCount: 2)
        for batch in batches {
            window.add(
                AppliedBatch(
                    step: 0,
                    session: nil,
                    number: nil,
                    probe: nil,
                    batchIndex: nil,
                    batchCount: nil,
                    hsic: batch
                )
            )
        }
        let weights = (0..<20).map { 1 / Double(1 << (2 * (19 - $0))) }
        #expect(
            Self.isClose(
                Self.products(window.groups),
                Self.products(batches.suffix(20), weights: weights),
                tolerance: 1e-11
            )
        )
    }

    @Test func probeSetSweptAgainAndAgainHasTheErrorsOfOneSweep() throws {
        var bench = Bench()
        let probe = Self.batches(4)
        for seq in 0..<64 {
            bench.add(.example(step: seq / 4, seq: seq, batch: seq % 4, batches: 4, probe: "held-out"), probe[seq % 4])
        }
        let pass = try #require(bench.sums(.pass))
        #expect(pass.groups.count == 4)
        #expect(pass.isComplete == true)
        let errors = pass.matrix().standardErrors
        #expect(errors[1] > 0)
        for window in [WindowDefinition.recent, .total] {
            let matrix = try #require(bench.sums(window)).matrix()
            #expect(Self.isClose(matrix.standardErrors, errors, tolerance: 1e-9))
            #expect(Self.isClose(matrix.values, pass.matrix().values))
        }
        #expect(bench.passes.count == 16)
    }

    @Test func probeGroupsFollowTheIndexAndOthersTheTurn() {
        var sums = GroupedSums(layerCount: 3)
        for (place, hsic) in Self.batches(20).enumerated() {
            let index = place < 10 ? place : nil
            let probe = place < 10 ? "held-out" : nil
            sums.add(
                AppliedBatch(
                    step: 0,
                    session: nil,
                    number: nil,
                    probe: probe,
                    batchIndex: index,
                    batchCount: nil,
                    hsic: hsic
                )
            )
        }
        #expect(sums.nonEmptyGroups.map(\.batchCount) == [4, 4, 2, 2, 2, 2, 2, 2])
    }

    @Test func resetEmptiesOneWindowOrAll() {
        var bench = Bench()
        for (seq, batch) in Self.batches(4).enumerated() {
            bench.add(.example(step: seq, seq: seq), batch)
        }
        _ = bench.monitor.reset(.example, window: "total")
        #expect(bench.sums(.total) == nil)
        #expect(bench.sums(.recent)?.batchCount == 4)
        _ = bench.monitor.reset(.example, window: nil)
        #expect(bench.monitor.windows.allSatisfy { bench.sums($0) == nil })
    }

    // MARK: Missing numbers

    @Test func missingAreTheNumbersBetweenFirstAndLast() {
        var bench = Bench()
        let batch = Self.batches(1)[0]
        for seq in [5, 6, 9, 8] {
            bench.add(.example(seq: seq), batch)
        }
        bench.add(.example(session: 2, seq: 70), batch)
        bench.send(.alive(Alive(run: .example, session: .numbered(1), seq: 100)))
        #expect(bench.sums(.total)?.missingCount == 1)
        #expect(bench.sums(.total)?.isComplete == false)
        bench.add(.example(seq: 7), batch)
        #expect(bench.sums(.total)?.missingCount == 0)
        bench.add(.example(session: nil), batch)
        #expect(bench.sums(.total)?.missingCount == nil)
    }

    @Test func slidingWindowForgetsTheGapsThatItHasLeft() {
        var bench = Bench()
        let batch = Self.batches(1)[0]
        bench.add(.example(seq: 0), batch)
        for seq in 10..<27 {
            bench.add(.example(seq: seq), batch)
        }
        #expect(bench.sums(.recent)?.batchCount == 16)
        #expect(bench.sums(.recent)?.missingCount == 0)
        #expect(bench.sums(.total)?.missingCount == 9)
    }

    // MARK: Generations

    @Test func otherLayersBeginAGenerationWithEmptyWindows() {
        var bench = Bench()
        let batch = Self.batches(1)[0]
        bench.add(.example(step: 1, seq: 0), batch)
        bench.add(.example(step: 2, seq: 1, layers: ["a", "c", "b"]), batch)
        let reading = bench.monitor.reading(of: .example, window: .total)
        #expect(reading?.generation == 2)
        #expect(reading?.layers == ["a", "c", "b"])
        #expect(reading?.sums.batchCount == 1)
        #expect(bench.passes.map(\.generation) == [1])
        #expect(bench.passes.map(\.sums.stepFirst) == [1])
    }

    // MARK: The long run

    @Test func sumsAreMutatedInPlace() {
        var bench = Bench(windows: [.total])
        let layers = (0..<100).map { "layer \($0)" }
        let batch = Self.batches(1, layerCount: 100)[0]
        func add(_ numbers: Range<Int>) {
            for seq in numbers {
                bench.add(.example(seq: seq, layers: layers), batch)
                bench.pass(.milliseconds(100))
            }
        }
        add(0..<24)
        let addresses = Self.addresses(bench.sums(.total)?.groups)
        add(24..<61)
        #expect(addresses.count == 8)
        #expect(Self.addresses(bench.sums(.total)?.groups) == addresses)
    }

    @Test func hundredThousandBatchesNeitherDriftNorGrow() {
        var windows = WindowSet(definitions: [.pass, .recent, .trend, .total], layerCount: 2)
        let batches = Self.batches(100, layerCount: 2)
        for number in 0..<100_000 {
            let batch = AppliedBatch(
                step: number / 10,
                session: .numbered(1),
                number: BatchNumber(session: .numbered(1), seq: number),
                probe: nil,
                batchIndex: number % 10,
                batchCount: 10,
                hsic: batches[number % 100]
            )
            _ = windows.add(batch, now: .zero)
        }
        let expected = Self.products(batches).map { 1000 * $0 }
        let total = windows.sums(of: .total)
        #expect(Self.isClose(Self.products(total?.groups), expected, tolerance: 1e-9))
        #expect(total?.batchCount == 100_000)
        #expect(total?.missingCount == 0)
        #expect(total?.groups.count == 8)
        #expect(elementCount(of: windows) < 10_000)
    }
}

/// The number of values that a value holds, and those that they hold.
private func elementCount(of value: Any) -> Int {
    Mirror(reflecting: value).children.reduce(1) { $0 + elementCount(of: $1.value) }
}
