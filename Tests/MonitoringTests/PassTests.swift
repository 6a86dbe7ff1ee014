import Similarity
import Testing
import WireFormat

@testable import Monitoring

@Suite("Passes")
struct PassTests {
    private static let hsic: BatchHSIC = {
        var generator = SeededGenerator(seed: 3)
        return .random(using: &generator)
    }()

    private var bench = Bench(windows: [.pass])

    private mutating func add(step: Int, session: Int? = 1, seq: Int? = nil, batch: Int? = nil, batches: Int? = nil) {
        self.bench.add(.example(step: step, session: session, seq: seq, batch: batch, batches: batches), Self.hsic)
    }

    /// The ended passes: their step, their number of batches, whether they are complete.
    private var ended: [[Int]] {
        self.bench.passes.map { pass in
            [pass.sums.stepFirst, pass.sums.batchCount, pass.sums.isComplete.map { $0 ? 1 : 0 } ?? -1]
        }
    }

    @Test mutating func passEndsWithItsLastBatchAndIsComplete() {
        for batch in 0..<4 {
            self.add(step: 9, seq: batch, batch: batch, batches: 4)
        }
        #expect(self.ended == [[9, 4, 1]])
    }

    @Test mutating func passEndsAtItsSessionsNextStepAndIsIncomplete() {
        self.add(step: 1, seq: 0, batch: 0, batches: 4)
        self.add(step: 2, seq: 1, batch: 0, batches: 4)
        #expect(self.ended == [[1, 1, 0]])
        #expect(self.bench.passes[0].sums.missingCount == 3)
    }

    @Test(arguments: [(1, 0), (1, nil), (nil, nil)] as [(Int?, Int?)])
    mutating func passEndsWithABye(session: Int?, seq: Int?) {
        self.add(step: 1, session: session, seq: seq)
        self.bench.send(.bye(Bye(run: .example, session: session.map(SessionID.numbered))))
        #expect(self.ended.count == 1)
    }

    @Test mutating func byeWaitsForTheBatchesBeforeIt() {
        self.bench.send(.batch(.example(step: 1, seq: 0)))
        self.bench.send(.bye(Bye(run: .example, session: .numbered(1), seq: 1)))
        #expect(self.ended == [])
        self.bench.finish(with: .success(Self.hsic))
        #expect(self.ended == [[1, 1, -1]])
    }

    @Test mutating func passEndsWhenNothingComesForTheAssemblyTime() {
        self.add(step: 1, seq: 0, batch: 0, batches: 2)
        self.bench.pass(.seconds(29))
        #expect(self.ended == [])
        self.bench.pass(.seconds(1))
        #expect(self.ended == [[1, 1, 0]])
    }

    @Test(arguments: 0..<3)
    mutating func rejectedBatchSettlesItsPlace(rejected: Int) {
        for batch in 0..<3 {
            self.bench.send(.batch(.example(step: 5, seq: batch, batch: batch, batches: 3)))
            let failure = NonFiniteLayer(layer: "a")
            self.bench.finish(with: batch == rejected ? .failure(failure) : .success(Self.hsic))
        }
        #expect(self.ended == [[5, 2, 0]])
    }

    @Test mutating func indexBeyondThePassSettlesNothing() {
        self.add(step: 5, seq: 0, batch: 0, batches: 2)
        let rejection = Rejection(
            reason: .size,
            detail: "",
            session: .numbered(1),
            seq: 1,
            part: 0,
            step: 5,
            batchIndex: 1_000_000
        )
        self.bench.send(.rejected(rejection))
        #expect(self.ended == [])
        self.add(step: 5, seq: 2, batch: 1, batches: 2)
        #expect(self.ended == [[5, 2, 1]])
    }

    @Test mutating func lateRankOpensThePassAgain() {
        for batch in 0..<2 {
            self.add(step: 1, session: 1, seq: batch, batch: 2 * batch, batches: 4)
        }
        self.add(step: 2, session: 1, seq: 2, batch: 0, batches: 4)
        #expect(self.ended == [[1, 2, 0]])
        for batch in 0..<2 {
            self.add(step: 1, session: 2, seq: batch, batch: 2 * batch + 1, batches: 4)
        }
        #expect(self.ended == [[1, 2, 0], [1, 4, 1]])
    }

    @Test mutating func sweepOfTheSameStepIsAnotherPass() {
        for seq in 0..<4 {
            self.add(step: 1, seq: seq, batch: seq % 2, batches: 2)
        }
        #expect(self.ended == [[1, 2, 1], [1, 2, 1]])
    }

    @Test mutating func passOfRejectedBatchesOnlyHasNoMatrix() {
        self.bench.send(.batch(.example(step: 5, seq: 0, batch: 0, batches: 1)))
        self.bench.finish(with: .failure(NonFiniteLayer(layer: "a")))
        self.bench.pass(.seconds(60))
        #expect(self.ended == [])
        #expect(self.bench.sums(.pass) == nil)
    }

    @Test mutating func noMorePassesAreOpenThanArePaidFor() {
        for session in 0..<20 {
            self.add(step: session, session: session, seq: 0, batch: 0, batches: 2)
        }
        #expect(self.ended.count == 20 - PassTracker.maximumOpenCount)
    }

    @Test mutating func resultsInAnyOrderAreAppliedInTheOrderOfArrival() {
        for seq in 0..<4 {
            self.bench.send(.batch(.example(step: seq, seq: seq)))
        }
        for _ in 0..<4 {
            self.bench.finish(at: self.bench.sealed.count - 1, with: .success(Self.hsic))
        }
        #expect(self.ended.map { $0[0] } == [0, 1, 2])
    }
}
