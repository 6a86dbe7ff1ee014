import Testing
import WireFormat

@testable import Alerting
@testable import Alertmanager

@Suite("Deliveries to Alertmanager")
struct DeliveryBookTests {
    @Test func whatFiresIsToldInEachInterval() {
        var bench = Bench()
        bench.note(state: .firing)
        #expect(bench.deliver().map(\.state) == [.firing])
        #expect(bench.deliver().isEmpty)
        bench.seconds += 60
        #expect(bench.deliver().map(\.state) == [.firing])
    }

    @Test func newFiguresWaitForTheIntervalAndATurnDoesNot() {
        var bench = Bench()
        bench.note(state: .firing)
        _ = bench.deliver()
        bench.note(state: .firing, isTurn: false)
        #expect(bench.deliver().isEmpty)
        bench.note(state: .resolved)
        #expect(bench.deliver().map(\.state) == [.resolved])
    }

    @Test func pendingAlertsAreNobodysBusiness() {
        var bench = Bench()
        bench.note(state: .pending)
        bench.note(state: .inactive)
        #expect(bench.book.count == 0 && bench.book.nextDue == nil)
    }

    @Test func theEndOfAnAlertIsToldForAQuarterOfAnHour() {
        var bench = Bench()
        bench.note(state: .resolved)
        var count = 0
        for _ in 0..<60 {
            count += bench.deliver().count
            bench.seconds += 60
        }
        #expect(count == 16 && bench.book.count == 0)
    }

    @Test func anEndThatCouldNotBeToldIsNotForgotten() {
        var bench = Bench()
        bench.note(state: .firing)
        bench.note(state: .resolved)
        for _ in 0..<100 {
            bench.fail()
            bench.seconds += 60
        }
        #expect(bench.deliver().map(\.state) == [.resolved])
    }

    @Test func triesAreFurtherApartUpToHalfAMinute() {
        var bench = Bench()
        bench.note(state: .firing)
        var pauses: [Int] = []
        for _ in 0..<8 {
            bench.fail()
            let next = bench.book.nextDue.map { Int($0.components.seconds) } ?? 0
            pauses.append(next - bench.seconds)
            bench.seconds = next
        }
        #expect(pauses == [1, 2, 4, 8, 16, 30, 30, 30])
    }

    @Test func whatChangesOnTheWayIsStillDue() {
        var bench = Bench()
        bench.note(state: .firing)
        let sent = bench.book.due(now: bench.now.uptime)
        bench.note(state: .resolved)
        bench.book.confirm(sent, now: bench.now.uptime)
        #expect(bench.deliver().map(\.state) == [.resolved])
    }

    @Test func anotherSeverityEndsTheOldLabels() {
        var bench = Bench()
        bench.note(state: .firing, severity: .warning)
        _ = bench.deliver()
        bench.note(state: .firing, severity: .info)
        let entries = bench.book.due(now: bench.now.uptime)
        #expect(Set(entries.map(\.alert.severity)) == [.warning, .info])
        for entry in entries {
            #expect((entry.endedAt != nil) == (entry.alert.severity == .warning))
        }
    }

    @Test func thereIsRoomForSoManyAndTheRestIsCounted() {
        var bench = Bench()
        for number in 0..<DeliveryBook.capacity + 10 {
            bench.note(state: .firing, fingerprint: "\(number)")
        }
        #expect(bench.book.count == DeliveryBook.capacity && bench.book.droppedCount == 10)
    }

    @Test func labelsTellAlertsApartAndAnnotationsExplain() {
        var bench = Bench()
        bench.note(state: .firing)
        let entries = bench.book.due(now: bench.now.uptime)
        let message = AlertmanagerMessage(entries, interval: .seconds(60), time: 1_700_000_000)
        #expect(
            message.json.text
                == #"[{"labels":{"alertname":"LiveCKABlockStructure","run":"example","rule":"block_structure","#
                + #""severity":"warning","fingerprint":"f","source":"livecka"},"annotations":{"summary":"s","#
                + #""description":"d","data":"ok","incident":"1","revision":"1"},"#
                + #""startsAt":"2023-11-14T22:13:20.500Z","endsAt":"2023-11-14T22:17:20.000Z"}]"#
        )
    }
}

/// A book with a clock.
private struct Bench {
    var book = DeliveryBook(interval: .seconds(60))
    var seconds = 0
    private var revision = 0

    var now: Moment { Moment(uptime: .seconds(self.seconds), time: 1_700_000_000 + Double(self.seconds)) }

    mutating func note(
        state: Alert.State,
        severity: Alert.Severity = .warning,
        fingerprint: String = "f",
        isTurn: Bool = true
    ) {
        guard let run = RunID("example") else { return }
        self.revision += 1
        var alert = Alert(
            id: AlertID(run: run, rule: "block_structure", fingerprint: fingerprint),
            severity: severity,
            now: self.now
        )
        alert.state = state
        alert.revision = self.revision
        alert.firedAt = 1_700_000_000.5
        alert.resolvedAt = state == .resolved ? self.now.time : nil
        alert.summary = "s"
        alert.description = "d"
        self.book.note(alert, isTurn: isTurn, now: self.now)
    }

    /// Delivers what is due.
    mutating func deliver() -> [Alert] {
        let due = self.book.due(now: self.now.uptime)
        self.book.confirm(due, now: self.now.uptime)
        return due.map(\.alert)
    }

    /// Tries, and finds nobody there.
    mutating func fail() {
        guard !self.book.due(now: self.now.uptime).isEmpty else { return }
        self.book.postpone(now: self.now.uptime)
    }
}
