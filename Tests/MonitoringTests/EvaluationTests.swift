import Similarity
import Testing
import WireFormat

@testable import Monitoring

@Suite("Evaluations")
struct EvaluationTests {
    /// `recent` holds 16 batches, so its hop is 2; that of `trend`, whose half-life is 4, is 1.
    @Test(arguments: [("recent", 2), ("trend", 1), ("total", 8)])
    func aWindowIsEvaluatedByItsOwnHop(window: String, hop: Int) {
        var generator = SeededGenerator(seed: 1)
        var bench = Bench(watchedWindows: [window])
        for seq in 0..<40 {
            bench.add(.example(step: seq, seq: seq), .random(using: &generator))
            #expect(bench.evaluations.count == (seq + 1) / hop)
        }
        #expect(bench.evaluations.allSatisfy { $0.window.name == window })
        #expect(bench.evaluations.map(\.sums.stepLast) == stride(from: hop - 1, to: 40, by: hop).map(\.self))
    }

    @Test func onlyWatchedWindowsAreEvaluated() {
        var generator = SeededGenerator(seed: 2)
        var bench = Bench(watchedWindows: [])
        for seq in 0..<20 {
            bench.add(.example(step: seq, seq: seq), .random(using: &generator))
        }
        bench.pass(.seconds(100))
        #expect(bench.evaluations.isEmpty)
    }

    @Test func aFullSlidingWindowIsEvaluatedWithoutTheStretchThatIsBeingFilled() {
        var generator = SeededGenerator(seed: 3)
        var bench = Bench(watchedWindows: ["recent"])
        for seq in 0..<40 {
            bench.add(.example(step: seq, seq: seq), .random(using: &generator))
        }
        #expect(bench.evaluations.dropFirst(8).allSatisfy { $0.sums.batchCount == 16 })
    }

    @Test func everyEndedPassIsEvaluatedOnceAlsoWhenALateBatchOpensItAgain() {
        var generator = SeededGenerator(seed: 4)
        var bench = Bench(watchedWindows: ["pass"])
        func add(_ step: Int, _ batch: Int, session: Int, seq: Int) {
            bench.add(
                .example(step: step, session: session, seq: seq, batch: batch, batches: 2, probe: "p"),
                .random(using: &generator)
            )
        }
        for step in 0..<3 {
            add(step, 0, session: 1, seq: 2 * step)
            add(step, 1, session: 1, seq: 2 * step + 1)
        }
        #expect(bench.evaluations.map(\.sums.stepLast) == [0, 1, 2])
        #expect(bench.evaluations.allSatisfy { $0.sums.probeBatchCount == 2 })
        add(2, 0, session: 2, seq: 0)
        #expect(bench.passes.count == 4)
        #expect(bench.evaluations.count == 3)
    }

    @Test func aWindowThatIsEmptiedBeginsItsHopAnew() {
        var generator = SeededGenerator(seed: 5)
        var bench = Bench(watchedWindows: ["total"])
        for seq in 0..<7 {
            bench.add(.example(step: seq, seq: seq), .random(using: &generator))
        }
        let isKnown = bench.monitor.reset(.example, window: "total")
        #expect(isKnown)
        for seq in 7..<15 {
            #expect(bench.evaluations.isEmpty)
            bench.add(.example(step: seq, seq: seq), .random(using: &generator))
        }
        #expect(bench.evaluations.map(\.sums.batchCount) == [8])
    }

    @Test func distinctBatchesOfAProbeSetAreCountedOverSweeps() {
        var generator = SeededGenerator(seed: 6)
        var bench = Bench()
        for seq in 0..<12 {
            let header = BatchHeader.example(step: seq / 4, seq: seq, batch: seq % 4, batches: 4, probe: "p")
            bench.add(header, .random(using: &generator))
        }
        #expect(bench.sums(.total)?.probeBatchCount == 4)
        #expect(bench.sums(.recent)?.probeBatchCount == 4)
        #expect(bench.sums(.pass)?.probeBatchCount == 4)
    }

    @Test func batchesWithoutAProbeSetAreNotCountedAsSuch() {
        var generator = SeededGenerator(seed: 7)
        var bench = Bench()
        bench.add(.example(seq: 0, batch: 0), .random(using: &generator))
        bench.add(.example(seq: 1, probe: "p"), .random(using: &generator))
        #expect(bench.sums(.total)?.batchCount == 2)
        #expect(bench.sums(.total)?.probeBatchCount == nil)
    }

    @Test func aRunTellsWhetherItLives() {
        var bench = Bench()
        bench.send(.batch(.example(seq: 0)))
        bench.pass(.seconds(60))
        bench.send(.alive(Alive(run: .example, session: .numbered(1))))
        bench.send(.bye(Bye(run: .example, session: .numbered(1))))
        bench.send(.alive(Alive(run: .example, session: .numbered(1))))
        #expect(bench.states == [.live, .stale, .live, .ended, .live])
    }

    @Test func whatIsKnownOfARunComesWithItsState() {
        var generator = SeededGenerator(seed: 7)
        var bench = Bench()
        bench.add(.example(step: 7, seq: 0), .random(using: &generator))
        bench.pass(.seconds(60))
        #expect(bench.changes.map(\.step) == [nil, 7])
        #expect(bench.changes.map(\.generation) == [nil, 1])
        #expect(bench.changes.map(\.accounting.attempted) == [0, 1])
        #expect(bench.changes.last?.silence == .seconds(60))
    }

    @Test func aSilentRunThatIsDetachedHasEnded() {
        var bench = Bench()
        bench.send(.batch(.example(seq: 0)))
        bench.pass(.seconds(60))
        bench.take(bench.monitor.detach(.bound, now: bench.now))
        #expect(bench.states == [.live, .stale, .ended])
    }

    @Test func aLayerThatIsNotFiniteIsNamed() {
        var bench = Bench()
        bench.send(.batch(.example(seq: 0)))
        bench.finish(with: .failure(NonFiniteLayer(layer: "b")))
        #expect(bench.nonFiniteLayers == ["b"])
    }
}
