/// A window as the settings describe it: a name, and the rule that says which batches it pools.
public struct WindowDefinition: Hashable, Sendable {
    /// The rule that says which batches a window pools.
    public enum Kind: Hashable, Sendable {
        /// The last ended pass: the batches of one step.
        case pass
        /// The last `batchCount` batches, up to an eighth more: see ``SlidingWindow``.
        case sliding(batchCount: Int)
        /// All batches, each of which loses half its weight with every `halfLife` batches that follow.
        case decay(halfLife: Double)
        /// All batches since the generation began, or since a reset.
        case total

        /// The number of batches between two evaluations, `nil` where each ended pass is evaluated.
        var hop: Int? {
            switch self {
            case .pass: nil
            case .sliding(let batchCount): batchCount / 8
            case .decay(let halfLife): max(1, Int(min((halfLife / 8).rounded(), 1e9)))
            case .total: 8
            }
        }

        /// The name that settings and messages use.
        public var name: String {
            switch self {
            case .pass: "pass"
            case .sliding: "sliding"
            case .decay: "decay"
            case .total: "total"
            }
        }
    }

    /// The name, unique among the windows of a daemon.
    public let name: String

    /// The rule.
    public let kind: Kind

    /// Creates a definition.
    ///
    /// - Precondition: A sliding window's batch count is a positive multiple of eight, and a half-life is at
    ///   least 0.01.
    public init(name: String, kind: Kind) {
        switch kind {
        case .sliding(let batchCount):
            precondition(
                batchCount > 0 && batchCount.isMultiple(of: 8),
                "A sliding window needs a multiple of 8 batches, got \(batchCount)"
            )
        case .decay(let halfLife):
            precondition(halfLife >= 0.01, "A half-life must be at least 0.01 batches, got \(halfLife)")
        case .pass, .total:
            break
        }
        self.name = name
        self.kind = kind
    }
}
