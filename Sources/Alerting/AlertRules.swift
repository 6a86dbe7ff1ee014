public import BlockStructure

/// What is watched, and at which thresholds.
public struct AlertRules: Hashable, Sendable {
    /// The rule for blocks.
    public var block = BlockRule()

    /// The rule for batches that never arrived.
    public var coverage = CoverageRule()

    /// The user's own rules about pairs of layers.
    public var similarity: [SimilarityRule] = []

    /// How long a run may be silent before ``BuiltInRule/runStale`` fires.
    public var staleAfter = Duration.seconds(60)

    /// How long alerts of a run are remembered of which nothing is heard any more.
    public var history = Duration.seconds(30 * 24 * 60 * 60)

    /// Creates the defaults.
    public init() {}

    /// The names of the windows that some rule watches.
    public var windows: Set<String> {
        Set([self.block.window, self.coverage.window] + self.similarity.map(\.window))
    }
}

/// The rules that come with the daemon.
public enum BuiltInRule: String, CaseIterable, Sendable {
    case blockStructure = "block_structure"
    case nonFinite = "non_finite"
    case constantLayer = "constant_layer"
    case runStale = "run_stale"
    case coverage
    case similarity
}

/// The rule for blocks.
public struct BlockRule: Hashable, Sendable {
    /// The window that is watched.
    public var window = "recent"

    /// What is a block.
    public var criteria = BlockCriteria()

    /// Regular expressions over layer names, each of which makes a group that is searched on its own.
    public var groups: [String] = []

    /// The number of evaluations running that must agree, to raise and to clear.
    public var dwell = 3

    /// The batches that a window needs before it is evaluated.
    public var minimumBatchCount = 8

    /// The distinct batches of a probe set that a window needs before it is evaluated.
    public var minimumProbeBatchCount = 4

    /// Creates the defaults.
    public init() {}
}

/// The rule for batches that never arrived.
public struct CoverageRule: Hashable, Sendable {
    /// The window that is watched.
    public var window = "recent"

    /// The share of a window's batches, between 0 and 1, that may be missing.
    public var missing = 0.1

    /// Creates the defaults.
    public init() {}
}

/// A rule of the user's own: the similarity of pairs of layers, above or below a value.
public struct SimilarityRule: Hashable, Sendable {
    /// What raises the alert.
    public enum Condition: Hashable, Sendable {
        /// The similarity of some pair, less its standard error, is above the value.
        case above(Double)
        /// The similarity of some pair, with its standard error, is below the value.
        case below(Double)

        /// The value.
        public var threshold: Double {
            switch self {
            case .above(let value), .below(let value): value
            }
        }
    }

    /// The name.
    public var name: String

    /// The window that is watched.
    public var window: String

    /// A regular expression over layer names: one side of the pairs.
    public var first: String

    /// A regular expression over layer names: the other side of the pairs.
    public var second: String

    /// What raises the alert.
    public var condition: Condition

    /// The number of evaluations running that must agree, to raise and to clear.
    public var evaluations: Int

    /// Creates a rule.
    public init(
        name: String,
        window: String = "recent",
        first: String,
        second: String,
        condition: Condition,
        evaluations: Int = 3
    ) {
        self.name = name
        self.window = window
        self.first = first
        self.second = second
        self.condition = condition
        self.evaluations = evaluations
    }
}
