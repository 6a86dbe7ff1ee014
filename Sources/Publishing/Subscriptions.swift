internal import WireFormat

/// What subscribers have asked for since the daemon started.
///
/// Nothing is taken back: libzmq passes it on when a peer gives up what it never asked for, and another who did would miss
/// what comes.
struct Subscriptions: Sendable {
    /// How many prefixes are told apart; beyond it everything counts as asked for.
    static let capacity = 1024

    private var prefixes: Set<[UInt8]> = []

    /// Notes a new subscription.
    mutating func insert(_ prefix: [UInt8]) {
        guard self.prefixes.count < Self.capacity else {
            // Every topic begins with it.
            self.prefixes = [[]]
            return
        }
        self.prefixes.insert(prefix)
    }

    /// Whether somebody may have asked for a topic.
    ///
    /// - Complexity: O(number of prefixes).
    func cover(_ topic: Topic) -> Bool {
        guard !self.prefixes.isEmpty else { return false }
        let text = topic.description
        return self.prefixes.contains { text.utf8.starts(with: $0) }
    }
}
