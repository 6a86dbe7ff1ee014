import Similarity
import Testing
import WireFormat

@testable import Monitoring

@Suite("Accounting of a run")
struct AccountingTests {
    private static func hsic(layerCount: Int = 3) -> BatchHSIC {
        var generator = SeededGenerator(seed: 1)
        return .random(layerCount: layerCount, using: &generator)
    }

    private static func rejection(
        _ reason: RejectionReason,
        isBatch: Bool = true,
        session: Int? = 1,
        seq: Int? = nil,
        part: Int? = 0,
        step: Int? = nil,
        batch: Int? = nil
    ) -> EmitterMessage.Content {
        .rejected(
            Rejection(
                reason: reason,
                detail: "",
                isBatch: isBatch,
                session: session.map(SessionID.numbered),
                seq: seq,
                part: part,
                step: step,
                batchIndex: batch
            )
        )
    }

    // MARK: The first reason that applies

    @Test func batchThatComesAgainIsADuplicateAndNothingElse() {
        var bench = Bench()
        bench.add(.example(seq: 0), Self.hsic())
        bench.send(.batch(.example(seq: 0)))
        bench.send(Self.rejection(.size, seq: 0))
        #expect(bench.accounting == Accounting(attempted: 1, accumulated: 1, rejected: [.duplicate: 2]))
        #expect(bench.rejections == [.duplicate, .duplicate])
    }

    @Test func reasonsBeforeDuplicateCountOutsideWhereTheNumberHasComeBefore() {
        var bench = Bench()
        bench.add(.example(seq: 0), Self.hsic())
        bench.send(Self.rejection(.malformed, seq: 0))
        bench.add(.example(session: 2, seq: 0, layers: ["x"]), Self.hsic())
        bench.send(.batch(.example(session: 2, seq: 0, layers: ["x"])))
        let expected = Accounting(
            attempted: 2,
            outside: 2,
            accumulated: 1,
            rejected: [.malformed: 1, .inconsistent: 2]
        )
        #expect(bench.accounting == expected)
    }

    @Test(arguments: [1, nil] as [Int?])
    func inconsistentComesBeforeOverBudget(seq: Int?) {
        var bench = Bench()
        bench.add(.example(session: 2, seq: 0), Self.hsic())
        bench.send(.batch(.example(seq: seq, layers: ["x"])), isPayloadHeld: false)
        #expect(bench.rejections == [.inconsistent])
        #expect(bench.accounting.isBalanced)
    }

    @Test func layersThatClaimOneIndexAreMalformed() {
        var bench = Bench()
        bench.send(.batch(.example(seq: 0, indices: [0, 2, 2])))
        #expect(bench.accounting == Accounting(attempted: 1, rejected: [.malformed: 1]))
    }

    @Test func layersOfAllPartsTogetherMayNotBeTooMany() {
        var bench = Bench(maximumLayerCount: 3)
        bench.send(.batch(.example(seq: 0, layers: ["a", "b"], part: 0, partCount: 2)))
        bench.send(.batch(.example(seq: 0, layers: ["c", "d"], part: 1, partCount: 2)))
        #expect(bench.accounting == Accounting(attempted: 1, rejected: [.tooLarge: 1]))
        #expect(bench.memory.used == 0)
    }

    @Test func nonFiniteBatchWithoutNumberIsOutside() {
        var bench = Bench()
        bench.send(.batch(.example(session: nil)))
        #expect(bench.accounting == Accounting(unnumbered: 1, pending: 1))
        bench.finish(with: .failure(NonFiniteLayer(layer: "b")))
        #expect(bench.accounting == Accounting(outside: 1, rejected: [.nonFinite: 1]))
        #expect(bench.events.contains(.nonFinite))
    }

    // MARK: Parts

    @Test(arguments: [3, nil] as [Int?])
    func partsInAnyOrderMakeABatch(layerCount: Int?) {
        var bench = Bench()
        bench.send(.batch(.example(seq: 0, layers: ["c"], part: 1, partCount: 2)))
        #expect(bench.accounting == Accounting(attempted: 1, pending: 1))
        bench.send(.batch(.example(seq: 0, layers: ["a", "b"], layerCount: layerCount, part: 0, partCount: 2)))
        bench.finish(with: .success(Self.hsic()))
        #expect(bench.accounting == Accounting(attempted: 1, accumulated: 1))
        #expect(bench.monitor.reading(of: .example, now: bench.now)?.layers == ["a", "b", "c"])
    }

    @Test func partsThatContradictRejectTheBatchOnceAndLaterPartsAreLetGoOf() {
        var bench = Bench()
        bench.send(.batch(.example(seq: 0, layers: ["a"], part: 0, partCount: 3)))
        bench.send(.batch(.example(seq: 0, layers: ["b"], part: 1, partCount: 3, exampleCount: 8)))
        #expect(bench.accounting == Accounting(attempted: 1, rejected: [.inconsistent: 1]))
        bench.send(.batch(.example(seq: 0, layers: ["c"], part: 2, partCount: 3)))
        #expect(bench.accounting == Accounting(attempted: 1, rejected: [.inconsistent: 1]))
        bench.send(.batch(.example(seq: 0, layers: ["c"], part: 2, partCount: 3)))
        #expect(bench.accounting == Accounting(attempted: 1, rejected: [.inconsistent: 1, .duplicate: 1]))
        #expect(bench.abandoned.count == 1)
    }

    @Test func repeatedPartChangesNothingAboutItsBatch() {
        var bench = Bench()
        bench.send(.batch(.example(seq: 0, layers: ["a"], part: 0, partCount: 2)))
        bench.send(.batch(.example(seq: 0, layers: ["a"], part: 0, partCount: 2)))
        bench.send(.batch(.example(seq: 0, layers: ["a"], part: 0, partCount: 2, exampleCount: 8)))
        bench.send(Self.rejection(.malformed, seq: 0, part: 0))
        bench.send(.batch(.example(seq: 0, layers: ["b"], part: 1, partCount: 2)))
        bench.finish(with: .success(Self.hsic(layerCount: 2)))
        let expected = Accounting(
            attempted: 1,
            outside: 2,
            accumulated: 1,
            rejected: [.duplicate: 1, .inconsistent: 1, .malformed: 1]
        )
        #expect(bench.accounting == expected)
    }

    @Test func badPartRejectsItsBatchWhicheverComesFirst() {
        for badFirst in [true, false] {
            var bench = Bench()
            let good = EmitterMessage.Content.batch(.example(seq: 0, layers: ["a"], part: 0, partCount: 2))
            let bad = Self.rejection(.shape, seq: 0, part: 1)
            // A rejected message alone would create no run.
            bench.send(.alive(Alive(run: .example, session: .numbered(1), seq: 0)))
            bench.send(badFirst ? bad : good)
            bench.send(badFirst ? good : bad)
            #expect(bench.accounting == Accounting(attempted: 1, rejected: [.shape: 1]))
            bench.send(bad)
            #expect(bench.accounting == Accounting(attempted: 1, rejected: [.shape: 1, .duplicate: 1]))
        }
    }

    @Test func missingPartsMakeABatchIncompleteAfterTheAssemblyTime() {
        var bench = Bench()
        bench.send(.batch(.example(seq: 0, layers: ["a"], part: 0, partCount: 2)))
        bench.pass(.seconds(29))
        #expect(bench.accounting.pending == 1)
        bench.pass(.seconds(1))
        #expect(bench.accounting == Accounting(attempted: 1, rejected: [.incomplete: 1]))
        bench.send(.batch(.example(seq: 0, layers: ["b"], part: 1, partCount: 2)))
        #expect(bench.accounting == Accounting(attempted: 1, rejected: [.incomplete: 1]))
    }

    @Test func rememberedPartsOfRejectedBatchesAreBounded() {
        var rejected = RejectedBatches()
        for seq in 0..<200_000 {
            rejected.note(BatchNumber(session: .numbered(1), seq: seq), parts: [0], now: .zero)
        }
        #expect(rejected.count <= 65_536)
        let isLate = rejected.receive(part: 1, of: BatchNumber(session: .numbered(1), seq: 199_999))
        #expect(isLate)
    }

    // MARK: Sessions

    @Test func sessionThatIsHeardAgainAfterADetachCountsAnew() {
        var bench = Bench()
        bench.send(.batch(.example(seq: 0, dropped: 0)), from: .attached)
        bench.send(.batch(.example(seq: 1, layers: ["a"], part: 0, partCount: 2)), from: .attached)
        bench.take(bench.monitor.detach(.attached, now: bench.now))
        #expect(bench.accounting == Accounting(attempted: 2, rejected: [.incomplete: 1], pending: 1))
        #expect(bench.state == "ended")
        bench.send(.batch(.example(seq: 100, dropped: 50)), from: .attached)
        #expect(bench.accounting == Accounting(attempted: 3, rejected: [.incomplete: 1], pending: 2))
        bench.finish(with: .failure(NonFiniteLayer(layer: "a")))
        bench.finish(with: .success(Self.hsic()))
        let expected = Accounting(attempted: 3, accumulated: 1, rejected: [.incomplete: 1, .nonFinite: 1])
        #expect(bench.accounting == expected)
    }

    @Test func batchInPartsOutlivesItsSessionsAccount() {
        var bench = Bench()
        bench.send(.batch(.example(seq: 0, layers: ["a"], part: 0, partCount: 2)))
        for session in 2..<1200 {
            bench.now += .milliseconds(1)
            bench.send(.alive(Alive(run: .example, session: .numbered(session), seq: 0)))
        }
        bench.pass(.seconds(30))
        #expect(bench.accounting == Accounting(attempted: 1, rejected: [.incomplete: 1]))
    }

    @Test func anyPromiseOfAHeartbeatIsTaken() {
        var bench = Bench()
        bench.send(.hello(Hello(run: .example, heartbeat: 1e300, session: .numbered(1))))
        bench.add(.example(seq: 0), Self.hsic())
        bench.send(.batch(.example(session: 2, seq: 0, layers: ["x"])))
        #expect(bench.rejections == [.inconsistent])
    }

    @Test func sessionOfOtherLayersIsInconsistentUntilTheFirstOneIsGone() {
        var bench = Bench()
        bench.add(.example(seq: 0), Self.hsic())
        bench.send(.batch(.example(session: 2, seq: 0, layers: ["x"])))
        bench.send(.bye(Bye(run: .example, session: .numbered(1), seq: 1)))
        bench.add(.example(session: 2, seq: 1, layers: ["x"]), Self.hsic(layerCount: 1))
        #expect(bench.accounting == Accounting(attempted: 3, accumulated: 2, rejected: [.inconsistent: 1]))
        #expect(bench.monitor.reading(of: .example, now: bench.now)?.generation == 2)
    }

    @Test func sessionsThatGoOverToOtherLayersTogetherAreAcceptedFromTheLastOneOn() {
        var bench = Bench()
        let newLayers = ["x", "y", "z"]
        for rank in 1...3 {
            bench.add(.example(session: rank, seq: 0), Self.hsic())
        }
        for seq in 1...2 {
            for rank in 1...3 {
                bench.add(.example(step: seq, session: rank, seq: seq, layers: newLayers), Self.hsic())
            }
        }
        #expect(bench.accounting == Accounting(attempted: 9, accumulated: 7, rejected: [.inconsistent: 2]))
    }

    @Test func twoSourcesThatAlternateAreAnnouncedOnceEach() {
        var bench = Bench()
        for round in 0..<4 {
            bench.send(.batch(.example(session: nil)), from: round.isMultiple(of: 2) ? .bound : .attached)
        }
        #expect(bench.events == [.attached, .attached])
    }

    // MARK: Runs

    @Test func rubbishCreatesNoRun() {
        var bench = Bench()
        bench.send(Self.rejection(.malformed, session: nil))
        bench.send(Self.rejection(.malformed, session: nil), run: nil)
        #expect(bench.monitor.runIDs.isEmpty)
        #expect(bench.monitor.stray == Accounting(outside: 2, rejected: [.malformed: 2]))
    }

    /// A header over its limit is not read, so nobody knows whose it is.
    @Test(arguments: [true, false])
    func whatCannotBeReadKeepsNoRunAlive(comesAfterBye: Bool) {
        var bench = Bench()
        bench.send(.batch(.example(seq: 0)))
        if !comesAfterBye {
            bench.send(Self.rejection(.tooLarge, session: nil))
        }
        bench.send(.bye(Bye(run: .example, session: .numbered(1), seq: 1)))
        if comesAfterBye {
            bench.send(Self.rejection(.tooLarge, session: nil))
        }
        #expect(bench.state == "ended")
        #expect(bench.accounting.outside == 1 && bench.accounting[.tooLarge] == 1)
    }

    @Test func runsBeyondTheLimitAreTooLarge() {
        var bench = Bench(maximumRunCount: 1)
        bench.send(.batch(.example(seq: 0)))
        bench.send(.batch(.example(seq: 0)), run: .other)
        bench.send(.hello(Hello(run: .example)), run: .other)
        #expect(bench.monitor.runIDs == [.example])
        #expect(bench.monitor.stray == Accounting(outside: 1, rejected: [.tooLarge: 1]))
        _ = bench.monitor.forget(.example)
        bench.send(.batch(.example(seq: 0)), run: .other)
        #expect(bench.monitor.runIDs == [.other])
    }

    @Test func silentRunIsStaleAndRecovers() {
        var bench = Bench()
        bench.send(.alive(Alive(run: .example, session: .numbered(1), seq: 0)))
        bench.pass(.seconds(59))
        #expect(bench.state == "live")
        bench.pass(.seconds(1))
        bench.pass(.seconds(1))
        #expect(bench.state == "stale")
        bench.send(.alive(Alive(run: .example, session: .numbered(1), seq: 0)))
        #expect(bench.state == "live")
        #expect(bench.events == [.attached, .stale, .recovered])
    }

    @Test(arguments: [1, nil] as [Int?])
    func runEndsWithTheLastBye(session: Int?) {
        var bench = Bench()
        bench.send(.batch(.example(session: session)))
        bench.send(.batch(.example(session: 2)))
        bench.send(.bye(Bye(run: .example, session: .numbered(2))))
        #expect(bench.state == "live")
        bench.send(.bye(Bye(run: .example, session: session.map(SessionID.numbered))))
        #expect(bench.state == "ended")
        bench.pass(.seconds(600))
        #expect(bench.state == "ended")
    }

    // MARK: Memory

    @Test func windowsOfAGenerationAreGivenBackWithTheNextOneAndWithTheRun() {
        var bench = Bench()
        let windows = bench.monitor.windows
        let two = WindowSet.byteCount(definitions: windows, layerCount: 2)
        let three = WindowSet.byteCount(definitions: windows, layerCount: 3)
        bench.send(.batch(.example(seq: 0)))
        #expect(bench.memory.used == three)
        bench.send(.batch(.example(seq: 1, layers: ["a", "b"])))
        #expect(bench.memory.used == three + two)
        bench.finish(with: .failure(NonFiniteLayer(layer: "a")))
        bench.finish(with: .failure(NonFiniteLayer(layer: "a")))
        #expect(bench.memory.used == two)
        bench.send(.batch(.example(seq: 2)))
        #expect(bench.memory.used == two + three)
        let actions = bench.monitor.forget(.example) ?? []
        #expect(bench.memory.used == 0)
        bench.take(actions)
        #expect(bench.abandoned == bench.sealed.map(\.batch))
        bench.finish(with: .success(Self.hsic()))
        #expect(bench.monitor.runIDs.isEmpty)
    }

    @Test func windowsThatDoNotFitAreOverBudget() {
        var bench = Bench(memory: 1000)
        bench.send(.batch(.example(seq: 0)))
        bench.send(.batch(.example(session: nil)))
        #expect(bench.accounting == Accounting(attempted: 1, outside: 1, rejected: [.overBudget: 2]))
        #expect(bench.memory.used == 0)
    }
}
