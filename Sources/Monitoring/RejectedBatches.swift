internal import WireFormat

/// The batches that were rejected a short while ago, and their parts that have come.
///
/// Further parts of such a batch may still be under way. They are no duplicates, and the batch is not
/// counted again: they are let go of.
struct RejectedBatches: Sendable {
    /// The number of batches and parts remembered before all are forgotten at once.
    ///
    /// Only a peer that sends nothing but rubbish gets there. A part that comes later then counts as
    /// a duplicate, which is in no sum.
    private static let maximumCount = 65_536

    private struct Entry: Sendable {
        var parts: Set<Int>
        let rejected: Duration
    }

    /// The number of batches and parts that are remembered.
    private(set) var count = 0

    private var entries: [BatchNumber: Entry] = [:]

    /// Remembers a batch and the parts of it that have come.
    mutating func note(_ number: BatchNumber, parts: Set<Int>, now: Duration) {
        self.makeRoom(for: parts.count + 1)
        if let old = self.entries.updateValue(Entry(parts: parts, rejected: now), forKey: number) {
            self.count -= old.parts.count + 1
        }
    }

    /// Takes a part of a batch that was rejected.
    ///
    /// - Returns: Whether the batch is remembered and the part has not come before.
    mutating func receive(part: Int, of number: BatchNumber) -> Bool {
        guard let isKnown = self.entries[number]?.parts.contains(part), !isKnown else { return false }
        self.makeRoom(for: 1)
        self.entries[number]?.parts.insert(part)
        return true
    }

    /// Forgets the batches that were rejected before a moment.
    mutating func forget(before moment: Duration) {
        self.forget { $1.rejected < moment }
    }

    /// Forgets the batches of some sessions.
    mutating func forget(sessionsIn sessions: Set<SessionID>) {
        self.forget { number, _ in sessions.contains(number.session) }
    }

    private mutating func forget(where isOver: (BatchNumber, Entry) -> Bool) {
        guard self.entries.contains(where: { isOver($0.key, $0.value) }) else { return }
        self.entries = self.entries.filter { !isOver($0.key, $0.value) }
        self.count = self.entries.values.reduce(0) { $0 + $1.parts.count + 1 }
    }

    private mutating func makeRoom(for count: Int) {
        if self.count + count > Self.maximumCount {
            self.entries = [:]
            self.count = 0
        }
        self.count += count
    }
}
