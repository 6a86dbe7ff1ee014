import Testing
import WireFormat

@testable import Alerting

@Suite("The book of alerts")
struct AlertBookTests {
    @Test func everyFieldHasItsName() throws {
        var bench = Bench()
        bench.repeatedly(3, [.example()])
        let keys = try #require(bench.only).json.map(\.key)
        #expect(
            keys == [
                "fingerprint", "incident", "revision", "rule", "kind", "severity", "state", "data", "run", "generation",
                "window", "layers", "step_first", "step_last", "active_at", "fired_at", "resolved_at", "updated_at",
                "value", "stderr", "enter", "exit", "dominance", "pc1_fraction", "dominant_examples", "batches",
                "accounting", "summary", "description",
            ]
        )
    }

    @Test func aResolvedAlertIsToldForAQuarterOfAnHour() {
        var bench = Bench()
        bench.repeatedly(3, [.example()])
        bench.repeatedly(3, [])
        bench.pass(seconds: 899)
        #expect(bench.cache.count == 1)
        bench.pass(seconds: 1)
        #expect(bench.cache == [:] && bench.book.alerts == [])
        bench.repeatedly(3, [.example()])
        #expect(bench.only?.incident == 2, "what is no longer told is still remembered")
    }

    @Test func aForgottenRunTellsThatItsAlertsAreOver() throws {
        var bench = Bench()
        bench.repeatedly(3, [.example()])
        bench.evaluate([.example()], run: .other)
        let fingerprint = bench.book.alerts[0].id.fingerprint
        bench.take(bench.book.forget(.example, now: bench.now))
        let last = try #require(bench.turns.last)
        #expect(last.state == .resolved && last.data == .ended)
        #expect(bench.withdrawn == [last.id] && bench.cache.count == 1)
        #expect(!bench.book.knows(.example) && bench.book.knows(.other))
        bench.repeatedly(3, [.example()])
        #expect(
            bench.book.alerts[0].id.fingerprint != fingerprint,
            "(fingerprint, incident, revision) never comes twice"
        )
    }

    @Test func aWindowThatWasEmptiedCountsAnew() {
        var bench = Bench()
        bench.repeatedly(2, [.example()])
        bench.book.reset(window: "recent", of: .example)
        bench.repeatedly(2, [.example()])
        #expect(bench.only?.state == .pending)
        bench.repeatedly(1, [.example()])
        #expect(bench.only?.state == .firing)
        bench.repeatedly(2, [])
        bench.book.reset(window: nil, of: .example)
        bench.repeatedly(2, [])
        #expect(bench.only?.state == .firing)
    }

    @Test func aRestartGoesOnWhereTheDaemonStopped() throws {
        var bench = Bench()
        bench.repeatedly(3, [.example(2...12)])
        bench.repeatedly(2, [.example(2...12), .example(20...35)])
        var later = Bench()
        later.seconds = 100
        later.take(try later.book.restore(bench.book.saved, now: later.now))
        #expect(later.book.alerts == bench.book.alerts)
        #expect(later.published == bench.book.alerts && later.turns == [])
        later.repeatedly(1, [.example(2...12), .example(20...35)])
        #expect(later.book.alerts.map(\.state) == [.firing, .firing], "the count of what was pending went on")
        #expect(later.book.alerts.map(\.id) == bench.book.alerts.map(\.id))
    }

    @Test func aRunThatDoesNotComeBackAfterARestartIsStale() throws {
        var bench = Bench()
        bench.repeatedly(3, [.example()])
        var later = Bench()
        _ = try later.book.restore(bench.book.saved, now: later.now)
        later.pass(seconds: 59)
        #expect(later.book.alerts.map(\.data) == [.ok])
        later.pass(seconds: 1)
        #expect(later.book.alerts.map(\.data) == [.stale, .stale])
        #expect(later.book.alerts.map(\.id.rule) == ["block_structure", "run_stale"])
        later.note(.ok)
        #expect(later.book.alerts.map(\.state) == [.firing, .resolved])
    }

    @Test func whatWasSavedSurvivesAsText() throws {
        var bench = Bench { $0.similarity = [SimilarityRule(name: "r", first: "", second: "", condition: .below(0))] }
        bench.noteNonFinite(layer: "b07", count: 3)
        bench.repeatedly(4, [.example(group: nil)])
        bench.note(.ended)
        let bytes = bench.book.saved.encoded()
        let parsed = try unsafe JSONValue(parsing: bytes.span.bytes)
        var later = Bench()
        _ = try later.book.restore(parsed, now: later.now)
        #expect(later.book.saved == bench.book.saved)
    }

    @Test(
        arguments: [
            "null", "[]", "{}", #"{"v":2,"runs":[]}"#, #"{"v":1,"runs":[{}]}"#,
            #"{"v":1,"runs":[{"run":"a","data":"ok","layers":null,"created":0,"heard_at":1,"alerts":[{}]}]}"#,
        ]
    )
    func aBrokenFileIsRefused(text: String) throws {
        let bytes = Array(text.utf8)
        let value = try unsafe JSONValue(parsing: bytes.span.bytes)
        var bench = Bench()
        #expect(throws: AlertFileError.self) { _ = try bench.book.restore(value, now: bench.now) }
        #expect(bench.book.alerts == [])
    }

    @Test func aRuleThatIsTakenOutClosesItsAlerts() throws {
        let rule = SimilarityRule(name: "r", first: "", second: "", condition: .above(0), evaluations: 1)
        var bench = Bench { $0.similarity = [rule] }
        let pair = PairFinding(layers: [0, 1], value: 1, standardError: nil, raises: true, clears: false)
        bench.evaluate([.example()], pairs: ["r": pair])
        bench.take(bench.book.apply(AlertRules(), now: bench.now))
        #expect(bench.book.alerts.map(\.state) == [.pending, .resolved])
        #expect(bench.book.alerts[1].description.contains("the settings no longer have this rule"))
        var rules = AlertRules()
        rules.block.window = "total"
        bench.take(bench.book.apply(rules, now: bench.now))
        #expect(bench.states.last == .inactive, "a block in another window is another alert")
    }

    @Test func aRunOfWhichNothingIsHeardForTheWholeHistoryIsForgotten() {
        var bench = Bench { $0.history = .seconds(1000) }
        bench.repeatedly(3, [.example()])
        bench.note(.ended)
        bench.pass(seconds: 999)
        #expect(bench.book.alerts.count == 1)
        bench.pass(seconds: 1)
        #expect(bench.book.alerts == [] && bench.cache == [:])
        bench.repeatedly(3, [.example()])
        bench.pass(seconds: 5000)
        #expect(bench.book.alerts.count == 1, "a run that lives is not forgotten")
    }

    @Test func memoryIsBounded() {
        var bench = Bench { $0.block.dwell = 1 }
        for first in 0..<200 {
            let layers = Bench.layers(2000)
            bench.evaluate([.example(10 * first...(10 * first + 8), of: 2000)], layers: layers)
        }
        bench.evaluate(layers: Bench.layers(2000))
        #expect(bench.book.runs[.example]?.lives.count == RunAlerts.memoryCapacity)
        #expect(bench.cache.count == RunAlerts.memoryCapacity)
    }

    @Test func theRunsThatAreMissedLeastMakeRoom() {
        var bench = Bench()
        bench.evaluate([.example()])
        bench.note(.ended)
        for number in 0..<AlertBook.runCapacity {
            guard let run = RunID("run\(number)") else { continue }
            bench.note(.ok, of: run)
        }
        #expect(bench.book.runs.count == AlertBook.runCapacity)
        #expect(!bench.book.knows(.example))
        #expect(bench.cache == [:])
    }
}
