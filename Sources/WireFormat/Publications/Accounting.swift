/// What became of every batch that a run, or a session, has attempted.
///
/// At every moment,
///
///     attempted + unnumbered + outside = accumulated + Σ rejected (without duplicate) + dropped + lost + pending
public struct Accounting: Hashable, Sendable {
    /// The numbers that sessions have used, as far as heard.
    public var attempted = 0

    /// The accepted messages without a number.
    public var unnumbered = 0

    /// The rejected messages whose session and number could not be read.
    public var outside = 0

    /// The batches that are in the sums.
    public var accumulated = 0

    /// The rejected batches by reason.
    public var rejected: [RejectionReason: Int] = [:]

    /// The numbers that the emitters gave up.
    public var dropped = 0

    /// The numbers that never arrived.
    public var lost = 0

    /// The batches that were taken in and are not yet decided.
    public var pending = 0

    /// Creates an account.
    public init(
        attempted: Int = 0,
        unnumbered: Int = 0,
        outside: Int = 0,
        accumulated: Int = 0,
        rejected: [RejectionReason: Int] = [:],
        dropped: Int = 0,
        lost: Int = 0,
        pending: Int = 0
    ) {
        self.attempted = attempted
        self.unnumbered = unnumbered
        self.outside = outside
        self.accumulated = accumulated
        self.rejected = rejected
        self.dropped = dropped
        self.lost = lost
        self.pending = pending
    }

    /// How many batches were rejected for a reason.
    public subscript(reason: RejectionReason) -> Int {
        get { self.rejected[reason, default: 0] }
        set { self.rejected[reason] = newValue }
    }

    /// Whether the account is exact.
    ///
    /// A duplicate is no batch of its own, so it is on neither side.
    public var isBalanced: Bool {
        let rejectedCount = self.rejected.reduce(0) { $1.key == .duplicate ? $0 : $0 &+ $1.value }
        let known = self.attempted &+ self.unnumbered &+ self.outside
        return known == self.accumulated &+ rejectedCount &+ self.dropped &+ self.lost &+ self.pending
    }

    /// The account of two together.
    public static func + (lhs: Accounting, rhs: Accounting) -> Accounting {
        Accounting(
            attempted: lhs.attempted &+ rhs.attempted,
            unnumbered: lhs.unnumbered &+ rhs.unnumbered,
            outside: lhs.outside &+ rhs.outside,
            accumulated: lhs.accumulated &+ rhs.accumulated,
            rejected: lhs.rejected.merging(rhs.rejected, uniquingKeysWith: &+),
            dropped: lhs.dropped &+ rhs.dropped,
            lost: lhs.lost &+ rhs.lost,
            pending: lhs.pending &+ rhs.pending
        )
    }
}

extension Accounting {
    /// The account as an object, which names only the reasons that have occurred.
    public var json: JSONValue {
        var rejected = JSONObject()
        for reason in RejectionReason.allCases where self[reason] > 0 {
            rejected[reason.rawValue] = .integer(self[reason])
        }
        return [
            "attempted": .integer(self.attempted),
            "unnumbered": .integer(self.unnumbered),
            "outside": .integer(self.outside),
            "accumulated": .integer(self.accumulated),
            "rejected": .object(rejected),
            "dropped": .integer(self.dropped),
            "lost": .integer(self.lost),
            "pending": .integer(self.pending),
        ]
    }
}
