/// A point in time, on both clocks that an alert needs.
public struct Moment: Hashable, Sendable {
    /// The time since the daemon started, by which intervals are measured.
    public let uptime: Duration

    /// The wall clock in seconds since 1970, which people and other programs read.
    public let time: Double

    /// Creates a point in time.
    public init(uptime: Duration, time: Double) {
        self.uptime = uptime
        self.time = time
    }
}
