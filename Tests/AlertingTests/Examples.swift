import BlockStructure
import Testing
import WireFormat

@testable import Alerting

extension RunID {
    static let example = named("example")
    static let other = named("other")

    private static func named(_ name: String) -> RunID {
        guard let run = RunID(name) else { preconditionFailure("\(name) is no name of a run") }
        return run
    }
}

extension BlockCandidate {
    /// A block that is strong enough and carried by one component, where nothing else is said.
    static func example(
        _ layers: ClosedRange<Int> = 10...30,
        group: String? = nil,
        of layerCount: Int = 40,
        strength: Double? = 0.2,
        standardError: Double? = 0.01,
        dominance: Double? = 0.6
    ) -> BlockCandidate {
        .example(
            members: Array(layers),
            group: group,
            of: layerCount,
            strength: strength,
            standardError: standardError,
            dominance: dominance
        )
    }

    /// Such a block of layers that need not be neighbours.
    static func example(
        members: [Int],
        group: String? = nil,
        of layerCount: Int = 40,
        strength: Double? = 0.2,
        standardError: Double? = 0.01,
        dominance: Double? = 0.6
    ) -> BlockCandidate {
        BlockCandidate(
            group: group,
            members: members,
            groupLayerCount: layerCount,
            corner: 0.95,
            strength: strength,
            standardError: standardError,
            dominance: dominance,
            criteria: BlockCriteria()
        )
    }
}

/// A book with a clock, fed with evaluations of one run, ten steps apart.
struct Bench {
    var book: AlertBook
    var seconds = 0

    /// What subscribers were told, in order.
    private(set) var published: [Alert] = []
    private(set) var turns: [Alert] = []
    private(set) var withdrawn: [AlertID] = []

    /// The last value of each topic.
    private(set) var cache: [AlertID: Alert] = [:]

    init(_ change: (inout AlertRules) -> Void = { _ in }) {
        var rules = AlertRules()
        change(&rules)
        self.book = AlertBook(rules: rules)
    }

    static func layers(_ count: Int = 40, prefix: String = "b") -> [String] {
        (0..<count).map { "\(prefix)\($0 < 10 ? "0" : "")\($0)" }
    }

    var now: Moment { Moment(uptime: .seconds(self.seconds), time: 1_000_000 + Double(self.seconds)) }

    var states: [Alert.State] { self.turns.map(\.state) }

    /// The one alert that is published now.
    var only: Alert? { self.book.alerts.count == 1 ? self.book.alerts[0] : nil }

    mutating func take(_ actions: [AlertAction]) {
        for action in actions {
            switch action {
            case .publish(let alert, let isTurn):
                self.published.append(alert)
                self.cache[alert.id] = alert
                if isTurn { self.turns.append(alert) }
            case .withdraw(let id):
                self.withdrawn.append(id)
                self.cache[id] = nil
            }
        }
    }

    mutating func evaluate(
        _ candidates: [BlockCandidate] = [],
        run: RunID = .example,
        window: String = "recent",
        layers: [String] = layers(),
        batchCount: Int = 64,
        probeBatchCount: Int? = nil,
        missingCount: Int? = 0,
        rejected: Int = 0,
        constantLayers: [Int] = [],
        evidence: [[Int]: BlockEvidence] = [:],
        pairs: [String: PairFinding] = [:]
    ) {
        self.seconds += 1
        let accounting = Accounting(rejected: rejected > 0 ? [.nonFinite: rejected] : [:])
        let evaluation = WindowEvaluation(
            run: run,
            window: window,
            generation: 1,
            layers: layers,
            step: 10 * self.seconds,
            batchCount: batchCount,
            probeBatchCount: probeBatchCount,
            missingCount: missingCount,
            accounting: accounting,
            constantLayers: constantLayers,
            candidates: candidates,
            evidence: evidence,
            pairs: pairs
        )
        self.take(self.book.evaluate(evaluation, now: self.now))
    }

    mutating func repeatedly(_ count: Int, _ candidates: [BlockCandidate]) {
        for _ in 0..<count {
            self.evaluate(candidates)
        }
    }

    mutating func note(_ data: Alert.DataState, figures: RunFigures? = nil, of run: RunID = .example) {
        let silence = data == .stale ? Duration.seconds(61) : nil
        self.take(self.book.note(data, silence: silence, figures: figures, of: run, now: self.now))
    }

    mutating func noteNonFinite(layer: String, count: Int) {
        let news = NonFiniteNews(
            run: .example,
            layer: layer,
            layers: Self.layers(),
            generation: 1,
            step: 7,
            accounting: Accounting(rejected: [.nonFinite: count])
        )
        self.take(self.book.note(news, now: self.now))
    }

    mutating func pass(seconds: Int) {
        self.seconds += seconds
        self.take(self.book.tick(now: self.now))
    }
}
