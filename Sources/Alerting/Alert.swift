public import WireFormat

/// An alert as others see it: what is wrong, where, since when, and how sure that is.
public struct Alert: Hashable, Sendable {
    /// Where an alert stands in its life.
    public enum State: String, CaseIterable, Sendable {
        /// What was pending did not last.
        case inactive
        /// The condition holds, but not for long enough yet.
        case pending
        /// The condition has held for as many evaluations as it takes.
        case firing
        /// It fired, and the condition has been gone for as many evaluations as it takes.
        case resolved
    }

    /// What is known of the run's data; an alert whose data is not ``ok`` stays as it is.
    public enum DataState: String, CaseIterable, Sendable {
        /// Batches come.
        case ok
        /// The run is silent.
        case stale
        /// The run is over, or its layers are no longer what the alert is about.
        case ended
    }

    /// How much somebody should care.
    public enum Severity: String, CaseIterable, Sendable {
        /// Worth knowing; nobody is to be called.
        case info
        /// Worth looking at.
        case warning
        /// Training is broken.
        case critical
    }

    /// Which alert it is, for as long as it lives.
    public let id: AlertID

    /// How many times it has fired, the time that is pending included.
    public var incident = 1

    /// Grows by one with every change that is published.
    public var revision = 0

    /// What sort of block it is, or `similarity` for a rule of the user's own; `nil` where a rule knows one sort only.
    public var kind: String?

    /// How much somebody should care.
    public var severity: Severity

    /// Where it stands in its life.
    public var state = State.inactive

    /// What is known of the run's data.
    public var data = DataState.ok

    /// The generation of the layers that it is about.
    public var generation: Int?

    /// The window that is watched, `nil` where the rule watches none.
    public var window: String?

    /// The layers that it is about.
    public var layers: AlertLayers?

    /// The step since which it is active.
    public var stepFirst: Int?

    /// The step of the last evaluation.
    public var stepLast: Int?

    /// When it became pending, in Unix seconds.
    public var activeAt: Double?

    /// When it fired.
    public var firedAt: Double?

    /// When it was resolved.
    public var resolvedAt: Double?

    /// When anything about it last changed.
    public var updatedAt: Double

    /// What was measured, in the rule's own unit.
    public var value: Double?

    /// The standard error of ``value``.
    public var standardError: Double?

    /// The threshold that raises the alert.
    public var enter: Double?

    /// The threshold that clears it.
    public var exit: Double?

    /// How far one direction dominates the layers, between 0 and 1.
    public var dominance: Double?

    /// What the first principal component says of a block.
    public var evidence: BlockEvidence?

    /// The number of batches that were evaluated.
    public var batchCount: Int?

    /// The account of the run.
    public var accounting: Accounting?

    /// One sentence that says what is the matter.
    public var summary = ""

    /// What it means, and what to look at.
    public var description = ""

    /// Creates an alert that is inactive.
    init(id: AlertID, severity: Severity, now: Moment) {
        self.id = id
        self.severity = severity
        self.updatedAt = now.time
    }

    /// Whether the condition holds, as far as is known.
    public var isActive: Bool {
        self.state == .pending || self.state == .firing
    }
}

/// Which alert it is: the run, the rule, and a fingerprint that no other alert has ever had.
public struct AlertID: Hashable, Sendable {
    /// The run.
    public let run: RunID

    /// The name of the rule: a built-in one, or one of the user's own.
    public let rule: String

    /// Sixteen hexadecimal digits, the same for as long as the alert is remembered.
    public let fingerprint: String

    /// Creates an identifier.
    public init(run: RunID, rule: String, fingerprint: String) {
        self.run = run
        self.rule = rule
        self.fingerprint = fingerprint
    }

    /// The topic under which the alert is published.
    public var topic: Topic {
        .alert(run: self.run, rule: self.rule, fingerprint: self.fingerprint)
    }
}

/// The layers that an alert is about.
public struct AlertLayers: Hashable, Sendable {
    /// The first and the last layer, 0-based, inclusive.
    public var range: ClosedRange<Int>

    /// The names of the layers, in their order.
    public var names: [String]

    /// Creates layers.
    public init(range: ClosedRange<Int>, names: [String]) {
        self.range = range
        self.names = names
    }

    /// Chooses layers from a list by their places, or `nil` where there are none.
    init?(_ places: [Int], of layers: [String]) {
        guard let first = places.min(), let last = places.max() else { return nil }
        self.init(range: first...last, names: places.map { layers[$0] })
    }
}
