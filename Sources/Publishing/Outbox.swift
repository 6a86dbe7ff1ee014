internal import Monitoring
internal import Similarity
internal import WireFormat

/// What waits to be published.
///
/// A matrix that has not gone out yet makes room for a newer one of the same window, except that
/// every ended pass goes out. Bounded: beyond ``capacity`` or ``byteCapacity`` the oldest matrix or event is dropped
/// and counted; alerts only where there is nothing else.
struct Outbox: Sendable {
    /// Something to publish.
    enum Entry: Sendable {
        case matrix(WindowReading)
        case event(MonitorEvent)
        case numbered(NumberedPublication)
        case withdraw(Topic)
        case forget(RunID)
    }

    /// The number of entries that may wait.
    static let capacity = 1024

    /// The bytes of sums that may wait.
    static let byteCapacity = 256 << 20

    /// How many entries may wait behind one that nobody asks for, it included, and how many bytes.
    static let patientCount = 16
    static let patientByteCount = 1 << 20

    /// How many entries were dropped.
    private(set) var droppedCount = 0

    /// What has been asked for so far.
    private var subscriptions = Subscriptions()

    private var entries: [Entry] = []

    /// Appends an entry.
    ///
    /// - Returns: Whether it is to be published now. Passes come with every step, and mostly nobody listens: a few of them
    ///   may wait for whatever comes next, or for a subscription.
    @discardableResult
    mutating func append(_ entry: Entry) -> Bool {
        self.entries.removeAll { $0.isObsolete(after: entry) }
        while self.entries.count == Self.capacity || self.byteCount > Self.byteCapacity {
            // A run that is to be forgotten would otherwise stay with late subscribers for ever.
            let oldest =
                self.entries.firstIndex { !$0.isForgetting && !$0.isNumbered }
                ?? self.entries.firstIndex { !$0.isForgetting } ?? self.entries.startIndex
            self.entries.remove(at: oldest)
            self.droppedCount += 1
        }
        self.entries.append(entry)
        guard case .matrix(let reading) = entry, !self.isAskedFor(reading) else { return true }
        return self.entries.count >= Self.patientCount || self.byteCount > Self.patientByteCount
    }

    /// Notes a new subscription.
    mutating func insert(subscription prefix: [UInt8]) {
        self.subscriptions.insert(prefix)
    }

    /// Whether somebody may have asked for a matrix, or it is to go out as if somebody had.
    ///
    /// Only a pass of a single batch can wait until somebody does: its sums take less than its matrices, which memory was
    /// set aside for.
    func isAskedFor(_ reading: WindowReading) -> Bool {
        guard reading.window.kind == .pass, reading.sums.batchCount == 1, reading.sums.firstComponents == nil else {
            return true
        }
        return self.subscriptions.cover(.matrix(run: reading.run, window: reading.window.name))
    }

    /// Whether nothing waits.
    var isEmpty: Bool { self.entries.isEmpty }

    /// Takes the oldest entry, `nil` where none waits.
    mutating func popFirst() -> Entry? {
        self.entries.isEmpty ? nil : self.entries.removeFirst()
    }
}

extension Outbox {
    /// The bytes of the sums that wait.
    private var byteCount: Int {
        self.entries.reduce(0) { $0 + $1.byteCount }
    }
}

extension Outbox.Entry {
    fileprivate var byteCount: Int {
        guard case .matrix(let reading) = self else { return 0 }
        return reading.sums.groups.reduce(reading.sums.firstComponentByteCount) { $0 + $1.byteCount }
    }

    fileprivate var isForgetting: Bool {
        switch self {
        case .forget, .withdraw: true
        case .matrix, .event, .numbered: false
        }
    }

    fileprivate var isNumbered: Bool {
        if case .numbered = self { true } else { false }
    }

    /// Whether nobody needs this entry any more once `newer` waits too.
    fileprivate func isObsolete(after newer: Outbox.Entry) -> Bool {
        switch (self, newer) {
        case (.matrix(let own), .matrix(let newer)):
            newer.window.kind != .pass && own.run == newer.run && own.window == newer.window
        case (.matrix(let own), .forget(let run)): own.run == run
        case (.forget(let own), .forget(let run)): own == run
        case (.withdraw(let own), .withdraw(let topic)): own == topic
        case (.event, _), (.matrix, _), (.forget, _), (.numbered, _), (.withdraw, _): false
        }
    }
}
