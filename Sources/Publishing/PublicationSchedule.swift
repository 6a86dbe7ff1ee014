/// When something that changes often is to be published.
///
/// The first change goes out at once, then at most one in each interval, and the last one always:
/// a change that came too soon goes out when its interval is over.
public struct PublicationSchedule<Key: Hashable & Sendable>: Sendable {
    private struct Entry: Sendable {
        var lastPublished: Duration
        var isDue: Bool
    }

    /// The least time between two publications of one key.
    public var interval: Duration

    private var entries: [Key: Entry] = [:]

    /// Creates a schedule that has published nothing.
    public init(interval: Duration) {
        self.interval = interval
    }

    /// Notes a change.
    ///
    /// - Returns: Whether it is to be published now.
    public mutating func change(_ key: Key, now: Duration) -> Bool {
        if let entry = self.entries[key], now - entry.lastPublished < self.interval {
            self.entries[key]?.isDue = true
            return false
        }
        self.entries[key] = Entry(lastPublished: now, isDue: false)
        return true
    }

    /// Takes the keys whose interval is over and that have changed in it.
    ///
    /// They count as published now.
    public mutating func takeDue(now: Duration) -> [Key] {
        var due: [Key] = []
        for (key, entry) in self.entries where entry.isDue && now - entry.lastPublished >= self.interval {
            self.entries[key] = Entry(lastPublished: now, isDue: false)
            due.append(key)
        }
        return due
    }

    /// When the next key is due, `nil` where none is.
    public var nextDue: Duration? {
        // A loop, because the coordinator asks all the time: in a generic type a key path is made anew at every call,
        // and chained collections ask for their types.
        var next: Duration?
        for entry in self.entries.values where entry.isDue {
            let due = entry.lastPublished + self.interval
            next = next.map { min($0, due) } ?? due
        }
        return next
    }

    /// Forgets the keys that fit a condition.
    public mutating func forget(where condition: (Key) -> Bool) {
        self.entries = self.entries.filter { !condition($0.key) }
    }
}
