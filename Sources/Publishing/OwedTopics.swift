/// The topics whose latest message new subscribers wait for.
///
/// A value-type state machine. A crowd of subscribers is answered as one, and the answer comes in small portions with
/// pauses between: all at once, it could be more than the queue of a subscriber holds, who would never see the rest.
struct OwedTopics: Sendable {
    /// How many topics a portion has at most.
    static let portion = 16

    /// The least time between two portions.
    static let pause = Duration.milliseconds(10)

    private var topics: Set<String> = []
    private var nextPortion: ContinuousClock.Instant?

    /// Adds topics that a new subscription covers.
    mutating func insert(_ topics: [String]) {
        self.topics.formUnion(topics)
    }

    /// Strikes out a topic, of which a message has just gone out.
    mutating func remove(_ topic: String) {
        self.topics.remove(topic)
    }

    /// Takes the topics that are to be sent now, in their order.
    mutating func takePortion(now: ContinuousClock.Instant) -> [String] {
        guard !self.topics.isEmpty, now >= self.nextPortion ?? now else { return [] }
        let portion = self.topics.sorted().prefix(Self.portion)
        self.topics.subtract(portion)
        self.nextPortion = now + Self.pause
        return Array(portion)
    }

    /// When the next portion is to be taken.
    ///
    /// - Parameter now: The time.
    /// - Returns: `now` where no pause has to pass, `nil` where nothing is owed.
    func nextPortion(now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        self.topics.isEmpty ? nil : max(now, self.nextPortion ?? now)
    }
}
