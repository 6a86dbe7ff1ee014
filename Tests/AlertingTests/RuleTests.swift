import Testing
import WireFormat

@testable import Alerting

@Suite("Other rules")
struct RuleTests {
    @Test func silenceFreezesABlockAndSaysSo() throws {
        var bench = Bench()
        bench.repeatedly(3, [.example()])
        bench.note(.stale)
        let (block, stale) = (bench.book.alerts[0], bench.book.alerts[1])
        #expect(block.state == .firing && block.data == .stale)
        #expect(stale.id.rule == "run_stale" && stale.state == .firing && stale.data == .stale && stale.value == 61)
        bench.pass(seconds: 100_000)
        #expect(bench.book.alerts.map(\.state) == [.firing, .firing])
        bench.note(.ok)
        #expect(bench.book.alerts.map(\.state) == [.firing, .resolved])
        #expect(bench.book.alerts.map(\.data) == [.ok, .ok])
    }

    @Test func silenceIsToldWithWhatIsKnownOfTheRun() throws {
        var bench = Bench()
        let heard = RunFigures(generation: 2, step: 70, accounting: Accounting(attempted: 8, accumulated: 8))
        bench.note(.stale, figures: heard)
        let stale = try #require(bench.only)
        #expect(stale.generation == 2 && stale.stepFirst == 70 && stale.stepLast == 70)
        #expect(stale.accounting == heard.accounting)
        bench.note(.ok, figures: RunFigures(generation: 2, step: 71, accounting: Accounting(attempted: 9)))
        let over = try #require(bench.only)
        #expect(over.state == .resolved && over.stepFirst == 70 && over.stepLast == 71)
        #expect(over.accounting?.attempted == 9)
    }

    @Test func aRunThatBeginsAnewDoesNotUnsayWhatWasKnown() throws {
        var bench = Bench()
        let heard = RunFigures(generation: 2, step: 70, accounting: Accounting(attempted: 8, accumulated: 8))
        bench.note(.stale, figures: heard)
        bench.note(.ok, figures: RunFigures(generation: nil, step: nil, accounting: Accounting()))
        let over = try #require(bench.only)
        #expect(over.state == .resolved && over.generation == 2 && over.stepLast == 70)
        #expect(over.accounting == heard.accounting)
    }

    @Test func aRunThatEndsLeavesItsAlertsAsTheyAre() {
        var bench = Bench()
        bench.repeatedly(3, [.example()])
        bench.note(.stale)
        bench.note(.ended)
        #expect(bench.book.alerts.map(\.state) == [.firing, .resolved])
        #expect(bench.book.alerts.map(\.data) == [.ended, .ended])
        #expect(bench.book.alerts[1].summary == "example has ended")
    }

    @Test func aValueThatIsNotFiniteIsToldAtOnceAndNamesTheLayer() throws {
        var bench = Bench()
        bench.noteNonFinite(layer: "b07", count: 1)
        let alert = try #require(bench.only)
        #expect(alert.id.rule == "non_finite" && alert.state == .firing && alert.severity == .critical)
        #expect(alert.layers?.range == 7...7 && alert.layers?.names == ["b07"] && alert.value == 1)
        #expect(alert.stepFirst == 7)
    }

    @Test func aStormOfThemIsToldEverRarerAndEveryLayerIsNamed() {
        var bench = Bench()
        for count in 1...1000 {
            bench.noteNonFinite(layer: count == 500 ? "b03" : "b07", count: count)
        }
        #expect(bench.published.count == 11)
        #expect(bench.only?.layers?.names == ["b03", "b07"])
    }

    @Test func finiteBatchesForThreeEvaluationsResolveIt() {
        var bench = Bench()
        bench.noteNonFinite(layer: "b07", count: 1)
        bench.evaluate(rejected: 1)
        bench.evaluate(rejected: 2)
        bench.evaluate(rejected: 2)
        bench.evaluate(rejected: 2)
        #expect(bench.only?.state == .firing)
        bench.evaluate(rejected: 2)
        #expect(bench.only?.state == .resolved)
    }

    @Test func constantLayersAreNamed() throws {
        var bench = Bench()
        for _ in 0..<3 {
            bench.evaluate(constantLayers: [3, 17])
        }
        let alert = try #require(bench.only)
        #expect(alert.id.rule == "constant_layer" && alert.state == .firing && alert.value == 2)
        #expect(alert.layers?.names == ["b03", "b17"])
        for _ in 0..<3 {
            bench.evaluate()
        }
        #expect(bench.only?.state == .resolved)
    }

    @Test(arguments: [(8, 1, true), (9, 1, false), (64, 8, true), (64, 7, false), (1, 7, true), (1, 6, false)])
    func missingBatchesAreAShareOfAllThatBelong(batchCount: Int, missingCount: Int, isRaised: Bool) {
        var bench = Bench { $0.coverage.missing = 0.1 }
        for _ in 0..<3 {
            bench.evaluate(batchCount: batchCount, missingCount: missingCount)
        }
        #expect((bench.only?.state == .firing) == isRaised)
    }

    @Test func whatIsNotKnownToBeMissingChangesNothing() {
        var bench = Bench()
        for _ in 0..<3 {
            bench.evaluate(missingCount: 64)
        }
        for _ in 0..<3 {
            bench.evaluate(missingCount: nil)
        }
        #expect(bench.only?.state == .firing)
    }

    @Test func twoRulesAboutPairsAreTwoAlerts() {
        var bench = Bench {
            $0.similarity = [
                SimilarityRule(name: "high", first: "b00", second: "b01", condition: .above(0.9), evaluations: 2),
                SimilarityRule(name: "low", first: "b00", second: "b02", condition: .below(0.3), evaluations: 1),
            ]
        }
        let pairs = [
            "high": PairFinding(layers: [0, 1], value: 0.95, standardError: 0.01, raises: true, clears: false),
            "low": PairFinding(layers: [0, 2], value: 0.2, standardError: nil, raises: true, clears: false),
        ]
        bench.evaluate(pairs: pairs)
        #expect(bench.book.alerts.map(\.state) == [.pending, .firing])
        bench.evaluate(pairs: pairs)
        #expect(bench.book.alerts.map(\.id.rule) == ["high", "low"])
        #expect(Set(bench.book.alerts.map(\.id.fingerprint)).count == 2)
        #expect(
            bench.book.alerts.map(\.summary) == [
                "Rule high in example: CKA of b00 and b01 is 0.95 ± 0.01, above 0.90, since step 10",
                "Rule low in example: CKA of b00 and b02 is 0.20, below 0.30, since step 10",
            ]
        )
    }

    /// Every pair (i, j) of three layers has the CKA and error of a small table.
    @Test func theBestPairCountsAndItsErrorIsAgainstTheAlert() {
        let values = [1, 0.9, 0.5, 0.9, 1, 0.2, 0.5, 0.2, 1]
        let errors = [0, 0.15, 0.01, 0.15, 0, 0.01, 0.01, 0.01, 0]
        func finding(_ condition: SimilarityRule.Condition) -> PairFinding? {
            SimilarityRule(name: "r", first: "", second: "", condition: condition)
                .finding(first: [0, 1], second: [0, 1, 2], layerCount: 3, values: values, standardErrors: errors)
        }
        // 0.9 ± 0.15 is not surely above 0.8, and may well be.
        let above = finding(.above(0.8))
        #expect(above?.layers == [0, 1] && above?.raises == false && above?.clears == false)
        #expect(finding(.above(0.74))?.raises == true)
        #expect(finding(.above(1.06))?.clears == true)
        let below = finding(.below(0.22))
        #expect(below?.layers == [1, 2] && below?.raises == true)
        #expect(finding(.below(0.2))?.raises == false)
        #expect(finding(.below(0.18))?.clears == true)
    }

    @Test func undefinedPairsSayNothing() {
        let rule = SimilarityRule(name: "r", first: "", second: "", condition: .above(0.5))
        let nothing = [Double](repeating: .nan, count: 4)
        #expect(rule.finding(first: [0], second: [1], layerCount: 2, values: nothing, standardErrors: nothing) == nil)
        #expect(
            rule.finding(first: [0], second: [0], layerCount: 2, values: [1, 1, 1, 1], standardErrors: nothing) == nil
        )
    }

    @Test func namesAreSelectedByAMatchAnywhere() {
        var selection = LayerSelection(layers: ["stem", "b01.out", "b02.out", "head"])
        #expect(selection.select("out$") == [1, 2])
        #expect(selection.select("^stem|head") == [0, 3])
        #expect(selection.select("(") == [])
    }
}
