import Similarity
import Testing
import WireFormat

@testable import DaemonRuntime
@testable import Monitoring

@Suite("Inbox of the alerts")
struct AlertInboxTests {
    @Test func newsComesOutInOrder() throws {
        var inbox = AlertInbox()
        inbox.append(.state(try change(of: "a", to: .live)))
        inbox.append(.evaluation(try reading("a", step: 1)))
        inbox.append(.reset(try run("a"), window: nil))
        inbox.append(.evaluation(try reading("a", step: 2)))
        #expect(words(&inbox) == ["a live", "a@1", "reset a", "a@2"])
        #expect(inbox.takeTurn() == nil)
    }

    @Test func theOldestEvaluationOfAWindowMakesRoomAndIsCounted() throws {
        var inbox = AlertInbox()
        inbox.append(.evaluation(try reading("b", step: 0)))
        for step in 0..<100 {
            inbox.append(.evaluation(try reading("a", step: step)))
        }
        #expect(inbox.droppedCount == 36)
        #expect(words(&inbox) == ["b@0"] + (36..<100).map { "a@\($0)" })
    }

    @Test func sumsThatWaitAreBoundedInBytes() throws {
        var inbox = AlertInbox()
        // A group of 2000 layers has 16 MB; the groups of the readings are shared, and count all the same.
        let large = try reading("a", step: 0, layerCount: 2000)
        let count = AlertInbox.byteCapacity / large.sums.groups[0].byteCount
        for number in 0..<count + 5 {
            inbox.append(.evaluation(try reading("run\(number)", sums: large.sums)))
        }
        #expect(inbox.droppedCount == 5)
    }

    @Test func ofTheStatesOfARunOnlyTheLastWaits() throws {
        var inbox = AlertInbox()
        inbox.append(.state(try change(of: "a", to: .stale)))
        inbox.append(.state(try change(of: "b", to: .live)))
        inbox.append(.state(try change(of: "a", to: .live)))
        #expect(words(&inbox) == ["b live", "a live"])
    }

    @Test func aRunThatIsForgottenNeedsNoEvaluation() throws {
        var inbox = AlertInbox()
        inbox.append(.evaluation(try reading("a", step: 1)))
        inbox.append(.evaluation(try reading("b", step: 1)))
        inbox.append(.forget(try run("a")))
        #expect(words(&inbox) == ["b@1", "forget a"])
    }

    @Test func questionsGoFirstAndNothingIsTakenAfterTheEnd() throws {
        var inbox = AlertInbox()
        inbox.append(.forget(try run("a")))
        let isAccepted = inbox.append { _ in }
        #expect(isAccepted)
        guard case .questions(let questions)? = inbox.takeTurn() else {
            Issue.record("Questions go before news")
            return
        }
        #expect(questions.count == 1)
        inbox.append(.evaluation(try reading("a", step: 1)))
        inbox.close()
        inbox.append(.forget(try run("b")))
        #expect(words(&inbox) == ["forget a", "stop"])
    }

    private func change(of name: String, to state: RunState) throws -> RunStateChange {
        RunStateChange(
            run: try run(name),
            state: state,
            silence: .zero,
            generation: 1,
            step: 0,
            accounting: Accounting()
        )
    }

    private func run(_ name: String) throws -> RunID {
        try #require(RunID(name))
    }

    private func reading(_ name: String, step: Int, layerCount: Int = 2) throws -> WindowReading {
        var coverage = WindowCoverage()
        let size = layerCount * (layerCount + 1) / 2
        let hsic = BatchHSIC(
            exampleCount: 4,
            products: [Double](repeating: 1, count: size),
            traces: [Double](repeating: 1, count: layerCount),
            isConstant: [Bool](repeating: false, count: layerCount)
        )
        coverage.add(
            AppliedBatch(
                step: step,
                session: nil,
                number: nil,
                probe: nil,
                batchIndex: nil,
                batchCount: nil,
                hsic: hsic
            )
        )
        var group = HSICAccumulator(layerCount: layerCount)
        group.add(hsic)
        return try self.reading(name, sums: try #require(WindowSums(coverage: coverage, groups: [group])))
    }

    private func reading(_ name: String, sums: WindowSums) throws -> WindowReading {
        WindowReading(
            run: try self.run(name),
            window: WindowDefinition(name: "total", kind: .total),
            generation: 1,
            layers: [],
            sums: sums,
            accounting: Accounting()
        )
    }

    /// What waits, in words.
    private func words(_ inbox: inout AlertInbox) -> [String] {
        var words: [String] = []
        while let turn = inbox.takeTurn() {
            switch turn {
            case .stop: return words + ["stop"]
            case .questions: words.append("questions")
            case .news(.evaluation(let reading)): words.append("\(reading.run)@\(reading.sums.stepLast)")
            case .news(.state(let change)): words.append("\(change.run) \(change.state)")
            case .news(.nonFinite(let batch)): words.append("\(batch.run) \(batch.layer)")
            case .news(.reset(let run, _)): words.append("reset \(run)")
            case .news(.forget(let run)): words.append("forget \(run)")
            }
        }
        return words
    }
}
