internal import Alerting

/// What Alertmanager is to be told, and when.
///
/// A value-type state machine. Alertmanager forgets what it is not told again, so everything that fires is told in each
/// interval, and what was resolved for another quarter of an hour. What could not be delivered stays due.
struct DeliveryBook: Sendable {
    /// An alert as Alertmanager tells them apart: by its labels.
    struct Key: Hashable, Sendable {
        let fingerprint: String
        let severity: Alert.Severity
    }

    /// An alert that is to be told.
    struct Entry: Hashable, Sendable {
        /// The alert.
        var alert: Alert

        /// When it ended, in Unix seconds; `nil` while it fires.
        var endedAt: Double?

        /// When it is to be told next.
        var nextDue: Duration

        /// When it was first delivered as ended.
        var endDelivered: Duration?

        /// What Alertmanager tells it by.
        var key: Key { Key(fingerprint: self.alert.id.fingerprint, severity: self.alert.severity) }
    }

    /// The number of alerts that are kept.
    static let capacity = 4096

    /// The number of alerts in one request.
    static let requestCapacity = 256

    /// How long the end of an alert is told again after its first delivery.
    static let endTime = Duration.seconds(15 * 60)

    /// The time between two deliveries of one alert.
    var interval: Duration

    /// How many alerts were let go of because there were too many.
    private(set) var droppedCount = 0

    private var entries: [Key: Entry] = [:]
    private var failureCount = 0
    private var retry = Duration.zero

    /// Creates a book without alerts.
    init(interval: Duration) {
        self.interval = interval
    }

    /// How many alerts are kept.
    var count: Int { self.entries.count }

    /// When something is to be delivered next, `nil` where nothing is.
    var nextDue: Duration? {
        self.entries.values.map(\.nextDue).min().map { max($0, self.retry) }
    }

    /// Takes news of an alert.
    ///
    /// - Parameters:
    ///   - alert: The alert; what is pending is nobody's business yet.
    ///   - isTurn: Whether it is to be told at once.
    ///   - now: The time.
    mutating func note(_ alert: Alert, isTurn: Bool, now: Moment) {
        guard alert.state == .firing || alert.state == .resolved else { return }
        let key = Key(fingerprint: alert.id.fingerprint, severity: alert.severity)
        // With another severity it has other labels: what Alertmanager knows it by until now ends.
        for severity in Alert.Severity.allCases where severity != alert.severity {
            let other = Key(fingerprint: key.fingerprint, severity: severity)
            if let entry = self.entries[other], entry.endedAt == nil {
                self.entries[other]?.endedAt = now.time
                self.entries[other]?.nextDue = now.uptime
            }
        }
        let known = self.entries[key]
        if known == nil {
            self.makeRoom()
        }
        let endedAt = alert.state == .resolved ? alert.resolvedAt ?? now.time : nil
        let isDue = isTurn || known == nil
        self.entries[key] = Entry(
            alert: alert,
            endedAt: endedAt,
            nextDue: isDue ? now.uptime : known?.nextDue ?? now.uptime,
            endDelivered: endedAt == known?.endedAt ? known?.endDelivered : nil
        )
    }

    /// What is to be delivered now, the longest due first.
    func due(now: Duration) -> [Entry] {
        guard now >= self.retry else { return [] }
        let due = self.entries.values.filter { $0.nextDue <= now }
            .sorted { ($0.nextDue, $0.alert.id.fingerprint) < ($1.nextDue, $1.alert.id.fingerprint) }
        return Array(due.prefix(Self.requestCapacity))
    }

    /// Notes that entries were delivered.
    mutating func confirm(_ delivered: [Entry], now: Duration) {
        self.failureCount = 0
        self.retry = .zero
        for entry in delivered {
            // What changed on the way is still due.
            guard let known = self.entries[entry.key], known.alert.revision == entry.alert.revision,
                known.endedAt == entry.endedAt
            else { continue }
            self.entries[entry.key]?.nextDue = now + self.interval
            if known.endedAt != nil {
                self.entries[entry.key]?.endDelivered = known.endDelivered ?? now
                if now - (known.endDelivered ?? now) >= Self.endTime {
                    self.entries[entry.key] = nil
                }
            }
        }
    }

    /// Notes that a delivery failed: the next try waits, twice as long each time, at most half a minute.
    mutating func postpone(now: Duration) {
        self.failureCount += 1
        let longest = min(.seconds(30), max(self.interval, .seconds(1)))
        let pause = min(.seconds(1 << min(self.failureCount - 1, 5)), longest)
        self.retry = now + pause
    }

    private mutating func makeRoom() {
        guard self.entries.count >= Self.capacity else { return }
        // Ends that were told go first, then ends, then what changed longest ago.
        let leastMissed = self.entries.values.min { one, other in
            let ranks = (one.rank, other.rank)
            return ranks.0 == ranks.1 ? one.alert.updatedAt < other.alert.updatedAt : ranks.0 < ranks.1
        }
        if let leastMissed {
            self.entries[leastMissed.key] = nil
            self.droppedCount += leastMissed.endDelivered == nil ? 1 : 0
        }
    }
}

extension DeliveryBook.Entry {
    fileprivate var rank: Int {
        self.endDelivered != nil ? 0 : self.endedAt != nil ? 1 : 2
    }
}
