internal import Monitoring
internal import WireFormat

/// What waits to be published.
///
/// A matrix that has not gone out yet is replaced by a newer one of the same window, except that
/// every ended pass goes out. Bounded: beyond ``capacity`` the oldest entry is dropped and counted.
struct Outbox: Sendable {
    /// Something to publish.
    enum Entry: Sendable {
        case matrix(WindowReading)
        case event(MonitorEvent)
        case forget(RunID)
    }

    /// The number of entries that may wait.
    static let capacity = 1024

    /// How many entries were dropped.
    private(set) var droppedCount = 0

    private var entries: [Entry] = []

    /// Appends an entry.
    mutating func append(_ entry: Entry) {
        if case .matrix(let reading) = entry, reading.window.kind != .pass {
            let index = self.entries.firstIndex { waiting in
                guard case .matrix(let older) = waiting else { return false }
                return older.run == reading.run && older.window == reading.window
            }
            if let index {
                self.entries[index] = entry
                return
            }
        }
        if self.entries.count == Self.capacity {
            self.entries.removeFirst()
            self.droppedCount += 1
        }
        self.entries.append(entry)
    }

    /// Takes everything that waits.
    mutating func drain() -> [Entry] {
        defer { self.entries = [] }
        return self.entries
    }
}
