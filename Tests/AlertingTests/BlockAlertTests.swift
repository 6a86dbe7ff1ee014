import BlockStructure
import Testing
import WireFormat

@testable import Alerting

@Suite("Alerts of blocks")
struct BlockAlertTests {
    @Test func aBlockFiresAtTheThirdEvaluationRunning() throws {
        var bench = Bench()
        bench.repeatedly(2, [.example()])
        #expect(bench.only?.state == .pending)
        bench.repeatedly(1, [.example()])
        let alert = try #require(bench.only)
        #expect(alert.state == .firing)
        #expect(alert.kind == "dominant" && alert.severity == .warning)
        #expect(alert.incident == 1 && alert.stepFirst == 10 && alert.stepLast == 30)
        #expect(alert.layers?.range == 10...30 && alert.layers?.names.count == 21)
        #expect(alert.activeAt == 1_000_001 && alert.firedAt == 1_000_003 && alert.resolvedAt == nil)
        #expect(
            alert.summary
                == "Block structure in example: layers b10–b30 (21 of 40), strength 0.20 ± 0.01, since step 10"
        )
        #expect(bench.published.map(\.revision) == [1, 2, 3])
    }

    @Test func evidenceIsInTheAlertAndInItsSentence() throws {
        var bench = Bench()
        let example = DominantExample(probe: "p", batch: 1, row: 2, id: 66, share: 0.5)
        let evidence = [Array(10...30): BlockEvidence(fraction: 0.951, dominantExamples: [example])]
        bench.evaluate([.example()], evidence: evidence)
        let alert = try #require(bench.only)
        #expect(alert.summary.contains(", first component 95 %, since step 10"))
        #expect(alert.json["pc1_fraction"] == 0.951)
        #expect(
            alert.json["dominant_examples"] == [["probe": "p", "batch": 1, "row": 2, "id": 66, "share": 0.5]]
        )
    }

    /// Two groups may have blocks between the same two layers.
    @Test func evidenceIsThatOfTheBlocksOwnLayers() {
        var bench = Bench { $0.block.groups = ["any", "even"] }
        let (all, even) = (Array(10...30), Array(stride(from: 10, through: 30, by: 2)))
        bench.evaluate(
            [.example(members: all, group: "any"), .example(members: even, group: "even", of: 20)],
            evidence: [
                all: BlockEvidence(fraction: 0.5, dominantExamples: []),
                even: BlockEvidence(fraction: 0.9, dominantExamples: []),
            ]
        )
        let alerts = bench.book.alerts
        #expect(alerts.map { $0.layers?.range } == [10...30, 10...30])
        #expect(alerts.map { $0.layers?.names.count } == [21, 11])
        #expect(alerts.map { $0.evidence?.fraction } == [0.5, 0.9])
    }

    @Test func whatDoesNotLastIsInactiveAndKeepsItsFingerprint() {
        var bench = Bench()
        bench.repeatedly(2, [.example()])
        let fingerprint = bench.only?.id
        bench.repeatedly(1, [])
        #expect(bench.states == [.pending, .inactive])
        #expect(bench.book.alerts == [] && bench.cache == [:])
        bench.repeatedly(2, [.example()])
        #expect(bench.only?.state == .pending, "the count begins anew")
        #expect(bench.only?.id == fingerprint)
    }

    @Test func itIsResolvedAtTheThirdEvaluationWithoutItAndKeepsItsFingerprintWhenItComesBack() throws {
        var bench = Bench()
        bench.repeatedly(3, [.example()])
        bench.repeatedly(2, [])
        #expect(bench.only?.state == .firing)
        bench.repeatedly(1, [.example()])
        bench.repeatedly(3, [])
        let resolved = try #require(bench.only)
        #expect(resolved.state == .resolved && resolved.resolvedAt == 1_000_009)
        bench.repeatedly(3, [.example(12...31)])
        let again = try #require(bench.only)
        #expect(again.state == .firing && again.incident == 2)
        #expect(again.id == resolved.id && again.revision > resolved.revision)
        #expect(again.stepFirst == 100)
    }

    /// The rule: raised at M − SE ≥ 0.12 and ρ ≥ 0.45, cleared at M + SE < 0.08 or ρ < 0.38.
    @Test(
        arguments: [
            (0.1299, 0.01, 0.45, 0), (0.1301, 0.01, 0.45, 3), (0.1301, 0.01, 0.4499, 2), (0.12, nil, 0.45, 3),
        ]
    )
    func thresholdsToRaise(strength: Double, error: Double?, dominance: Double, severity: Int) {
        var bench = Bench()
        bench.repeatedly(3, [.example(strength: strength, standardError: error, dominance: dominance)])
        let expected: Alert.Severity? = severity == 0 ? nil : severity == 3 ? .warning : .info
        #expect(bench.only?.severity == expected)
    }

    @Test(arguments: [
        (0.0699, 0.01, 0.6, true), (0.0701, 0.01, 0.6, false), (0.09, nil, 0.3799, true), (0.09, nil, 0.38, false),
    ])
    func thresholdsToClear(strength: Double, error: Double?, dominance: Double, isResolved: Bool) {
        var bench = Bench()
        bench.repeatedly(3, [.example()])
        bench.repeatedly(3, [.example(strength: strength, standardError: error, dominance: dominance)])
        #expect(bench.only?.state == (isResolved ? .resolved : .firing))
    }

    @Test func atTheBorderItFlipsOnceInTwoHundredEvaluations() {
        var bench = Bench()
        var generator = SystemRandomNumberGenerator.seeded
        for _ in 0..<200 {
            let strength = 0.13 + Double.random(in: -0.04...0.04, using: &generator)
            bench.evaluate([.example(strength: strength, standardError: 0.01)])
        }
        #expect(bench.states.filter { $0 == .firing }.count <= 1)
        #expect(!bench.states.contains(.resolved))
    }

    @Test func aBlockThatIsNoLongerCarriedByOneComponentGoesOnAsInformation() throws {
        var bench = Bench()
        bench.repeatedly(3, [.example()])
        bench.repeatedly(2, [.example(dominance: 0.3)])
        #expect(bench.only?.kind == "dominant")
        bench.repeatedly(1, [.example(dominance: 0.3)])
        let contiguous = try #require(bench.only)
        #expect(contiguous.kind == "contiguous" && contiguous.severity == .info && contiguous.state == .firing)
        #expect(contiguous.incident == 1)
        bench.repeatedly(3, [.example(dominance: 0.5)])
        #expect(bench.only?.kind == "dominant" && bench.only?.incident == 1)
    }

    @Test func aBlockThatGrowsOverAllLayersIsSaturated() throws {
        var bench = Bench()
        bench.repeatedly(3, [.example(8...39)])
        bench.repeatedly(3, [.example(0...39, strength: nil, standardError: nil)])
        let alert = try #require(bench.only)
        #expect(alert.kind == "saturated" && alert.severity == .info && alert.state == .firing && alert.incident == 1)
        #expect(alert.value == nil && alert.summary.hasPrefix("All layers alike in example: layers b00–b39 (40 of 40)"))
        bench.repeatedly(3, [])
        #expect(bench.only?.state == .resolved)
    }

    @Test func nobodyIsCalledBeforeABlockHasBeenDominantLongEnough() {
        var bench = Bench()
        bench.repeatedly(2, [.example(dominance: 0.3)])
        bench.repeatedly(1, [.example()])
        #expect(bench.only?.state == .firing && bench.only?.severity == .info)
        bench.repeatedly(2, [.example()])
        #expect(bench.only?.kind == "dominant" && bench.only?.severity == .warning)
    }

    @Test func twoBlocksAreTwoAlerts() {
        var bench = Bench()
        bench.repeatedly(3, [.example(2...12), .example(20...35)])
        let alerts = bench.book.alerts
        #expect(alerts.map { $0.layers?.range } == [2...12, 20...35])
        #expect(Set(alerts.map(\.id.fingerprint)).count == 2 && alerts.allSatisfy { $0.state == .firing })
    }

    @Test func ofTwoBlocksThatMergeTheLargerGoesOn() {
        var bench = Bench()
        bench.repeatedly(3, [.example(2...9), .example(10...35)])
        bench.repeatedly(3, [.example(2...35)])
        #expect(bench.book.alerts.map(\.state) == [.resolved, .firing])
        #expect(bench.book.alerts.last?.layers?.range == 2...35)
    }

    @Test func aBlockIsFollowedWhileItsEdgesMove() {
        var bench = Bench()
        for edge in stride(from: 0, through: 20, by: 2) {
            bench.evaluate([.example(edge...(edge + 15))])
        }
        #expect(bench.book.alerts.count == 1 && bench.only?.layers?.range == 20...35)
    }

    @Test func whatIsLeftOfABlockThatDissolvesIsNotWhatTheAlertWasAbout() throws {
        var bench = Bench()
        bench.repeatedly(3, [.example(10...30)])
        bench.repeatedly(3, [.example(17...30, strength: 0.02)])
        let resolved = try #require(bench.only)
        #expect(resolved.state == .resolved && resolved.layers?.range == 10...30 && resolved.value == 0.02)
        #expect(resolved.summary == "Block structure in example is over: layers b10–b30 (21 of 40), from step 10 to 60")
    }

    @Test func tooFewBatchesAreNotJudged() {
        var bench = Bench()
        for _ in 0..<5 {
            bench.evaluate([.example()], batchCount: 7)
            bench.evaluate([.example()], batchCount: 64, probeBatchCount: 3)
        }
        #expect(bench.published == [])
        bench.evaluate([.example()], batchCount: 4, probeBatchCount: 4)
        #expect(bench.only?.state == .pending)
    }

    @Test func layerGroupsHaveBlocksOfTheirOwn() {
        var bench = Bench { $0.block.groups = ["a", "b"] }
        bench.repeatedly(3, [.example(group: "a"), .example(group: "b")])
        #expect(bench.book.alerts.count == 2)
    }

    @Test func aBlockGoesOnWithAnotherListOfLayersThatHasItsNames() throws {
        var bench = Bench()
        bench.repeatedly(3, [.example()])
        let before = try #require(bench.only)
        let shifted = ["new0", "new1"] + Bench.layers()
        bench.evaluate(layers: shifted, batchCount: 1)
        let alert = try #require(bench.only)
        #expect(alert.id == before.id && alert.state == .firing && alert.data == .ok)
        #expect(alert.layers?.range == 12...32 && alert.layers?.names == before.layers?.names)
    }

    @Test func aBlockWhoseLayersAreGoneIsClosedAndSaysWhy() throws {
        var bench = Bench()
        bench.repeatedly(3, [.example()])
        bench.evaluate(layers: Bench.layers(prefix: "c"), batchCount: 1)
        let closed = try #require(bench.only)
        #expect(closed.state == .resolved && closed.data == .ended)
        #expect(closed.description.hasPrefix("Closed without an evaluation: the run's layers have changed"))
        for _ in 0..<3 {
            bench.evaluate([.example()], layers: Bench.layers(prefix: "c"))
        }
        #expect(bench.book.alerts.count == 2, "a block of other layers is another block")
    }
}

extension SystemRandomNumberGenerator {
    /// A generator whose numbers are always the same.
    static var seeded: SplitMix64 { SplitMix64(state: 5) }
}

/// A small generator with a fixed seed.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var word = self.state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
