import Monitoring
import Testing
import WireFormat

@testable import Publishing

@Suite("Outbox")
struct OutboxTests {
    /// What an entry is, in a word.
    private func words(_ entries: [Outbox.Entry]) -> [String] {
        entries.map { entry in
            switch entry {
            case .matrix(let reading): "\(reading.run)/\(reading.window.name)@\(reading.sums.stepFirst)"
            case .event(let event): "\(event.kind.rawValue) \(event.run?.name ?? "")"
            case .forget(let run): "forget \(run)"
            case .numbered(let publication): "\(publication.topic)#\(publication.seq)"
            case .withdraw(let topic): "withdraw \(topic)"
            }
        }
    }

    @Test func entriesComeOutInOrderAndOnce() {
        var outbox = Outbox()
        outbox.append(.event(.kind(.hello, of: "a")))
        outbox.append(.matrix(.example(run: "a")))
        outbox.append(.event(.kind(.bye, of: "b")))
        #expect(self.words(outbox.drain()) == ["hello a", "a/total@0", "bye b"])
        #expect(outbox.drain().isEmpty)
    }

    @Test func everyChangeOfAnAlertGoesOutAndTheLastThingToBeDroppedIsOne() throws {
        let topic = Topic.alert(run: try #require(RunID("a")), rule: "r", fingerprint: "f")
        var outbox = Outbox()
        for seq in 0..<3 {
            outbox.append(.numbered(NumberedPublication(topic: topic, seq: seq, body: [:])))
        }
        outbox.append(.withdraw(topic))
        for _ in 0..<Outbox.capacity {
            outbox.append(.event(.kind(.hello, of: "a")))
        }
        let words = self.words(outbox.drain())
        #expect(words.prefix(4) == ["alert/a/r/f/#0", "alert/a/r/f/#1", "alert/a/r/f/#2", "withdraw alert/a/r/f/"])
        #expect(outbox.droppedCount == 4)
    }

    @Test func newerMatrixTakesThePlaceOfOneThatWaitsAndComesAfterTheEventsBetween() {
        var outbox = Outbox()
        outbox.append(.matrix(.example(run: "a", step: 1)))
        outbox.append(.matrix(.example(run: "b", step: 1)))
        outbox.append(.event(.kind(.generation, of: "a")))
        outbox.append(.matrix(.example(run: "a", step: 2)))
        #expect(self.words(outbox.drain()) == ["b/total@1", "generation a", "a/total@2"])
        #expect(outbox.droppedCount == 0)
    }

    @Test func everyPassStays() {
        var outbox = Outbox()
        for step in 0..<3 {
            outbox.append(.matrix(.example(run: "a", window: .pass, step: step)))
        }
        #expect(self.words(outbox.drain()) == ["a/pass@0", "a/pass@1", "a/pass@2"])
    }

    @Test func matricesOfAForgottenRunDoNotGoOutAndLaterOnesDo() {
        var outbox = Outbox()
        outbox.append(.matrix(.example(run: "a", step: 1)))
        outbox.append(.matrix(.example(run: "a", window: .pass, step: 1)))
        outbox.append(.matrix(.example(run: "ab", step: 1)))
        outbox.append(.event(.kind(.hello, of: "a")))
        outbox.append(.forget(.named("a")))
        outbox.append(.matrix(.example(run: "a", step: 2)))
        #expect(self.words(outbox.drain()) == ["ab/total@1", "hello a", "forget a", "a/total@2"])
    }

    @Test func passWaitsUntilSomebodyMayHaveAskedForIt() {
        var outbox = Outbox()
        var isDue = [outbox.append(.matrix(.example(run: "a", window: .pass, step: 0)))]
        outbox.insert(subscription: Array("cka/a/total/".utf8))
        outbox.insert(subscription: Array("cka/b/".utf8))
        isDue.append(outbox.append(.matrix(.example(run: "a", window: .pass, step: 1))))
        isDue.append(outbox.append(.matrix(.example(run: "b", window: .pass, step: 1))))
        isDue.append(outbox.append(.matrix(.example(run: "a", window: .total, step: 1))))
        isDue.append(outbox.append(.event(.kind(.hello, of: "a"))))
        outbox.insert(subscription: Array("cka/a/pa".utf8))
        isDue.append(outbox.append(.matrix(.example(run: "a", window: .pass, step: 2))))
        #expect(isDue == [false, false, true, true, true, true])
    }

    @Test func passesThatNobodyAsksForDoNotPileUp() {
        var outbox = Outbox()
        let isDue = (0..<Outbox.patientCount).map { step in
            outbox.append(.matrix(.example(run: "a", window: .pass, step: step)))
        }
        #expect(isDue == Array(repeating: false, count: Outbox.patientCount - 1) + [true])
    }

    @Test func oldestIsDroppedAndCountedBeyondTheCapacityButNoForgetting() {
        var outbox = Outbox()
        outbox.append(.forget(.named("gone")))
        for number in 0..<Outbox.capacity + 5 {
            outbox.append(.event(.kind(.hello, of: "run-\(number)")))
        }
        let words = self.words(outbox.drain())
        #expect(words.count == Outbox.capacity)
        #expect(words.first == "forget gone")
        #expect(words.dropFirst().first == "hello run-6")
        #expect(words.last == "hello run-\(Outbox.capacity + 4)")
        #expect(outbox.droppedCount == 6)
    }
}

extension Outbox {
    /// Takes everything that waits.
    fileprivate mutating func drain() -> [Entry] {
        var entries: [Entry] = []
        while let entry = self.popFirst() {
            entries.append(entry)
        }
        return entries
    }
}
