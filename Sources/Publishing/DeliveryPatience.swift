/// How long the publisher may wait for subscribers whose queues are full.
///
/// A value-type account of time. A queue fills up in a burst, while the thread that empties it waits for a core: a moment
/// later there is room. A subscriber that has stopped reading must not cost more than that moment, so what was waited
/// comes back slowly: all subscribers together cost at most ``limit`` and a tenth of the time.
struct DeliveryPatience: Sendable {
    /// The longest wait.
    let limit: Duration

    /// How many times as long as a wait it takes until its time is there again.
    static let recovery = 10

    /// When the whole of ``limit`` may be waited again.
    private var restored: ContinuousClock.Instant?

    /// Opens the account, with the whole of `limit` in it.
    init(limit: Duration) {
        self.limit = limit
    }

    /// How long may be waited now.
    func allowance(now: ContinuousClock.Instant) -> Duration {
        let missing = self.restored.map { now.duration(to: $0) / Self.recovery } ?? .zero
        return max(.zero, self.limit - max(.zero, missing))
    }

    /// Notes a wait.
    ///
    /// - Parameters:
    ///   - duration: How long it was.
    ///   - now: The time at its end.
    mutating func spend(_ duration: Duration, now: ContinuousClock.Instant) {
        self.restored = max(self.restored ?? now, now) + duration * Self.recovery
    }
}
