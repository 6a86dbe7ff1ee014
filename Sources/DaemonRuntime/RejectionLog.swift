internal import WireFormat

/// Which rejections are said in the log: for each run and reason at most one a minute.
struct RejectionLog: Sendable {
    private struct Key: Hashable, Sendable {
        let run: RunID?
        let reason: RejectionReason
    }

    private struct Entry: Sendable {
        var lastLogged: Duration
        var silentCount = 0
    }

    /// The least time between two lines for one run and reason.
    private static let interval = Duration.seconds(60)

    /// The number of runs and reasons that are told apart; a peer chooses the runs' names.
    private static let capacity = 4096

    private var entries: [Key: Entry] = [:]

    /// Notes a rejection.
    ///
    /// - Returns: How many rejections a line in the log would stand for, `nil` where there is to be none.
    mutating func note(run: RunID?, reason: RejectionReason, now: Duration) -> Int? {
        let key = Key(run: run, reason: reason)
        if let entry = self.entries[key], now - entry.lastLogged < Self.interval {
            self.entries[key]?.silentCount += 1
            return nil
        }
        let count = (self.entries[key]?.silentCount ?? 0) + 1
        if self.entries.count >= Self.capacity {
            self.entries = self.entries.filter { now - $0.value.lastLogged < Self.interval }
        }
        guard self.entries.count < Self.capacity else { return nil }
        self.entries[key] = Entry(lastLogged: now)
        return count
    }
}
