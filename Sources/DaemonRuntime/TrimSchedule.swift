/// When memory that a burst has left behind is to be given back to the system.
///
/// A value-type state machine: once less has been in use for a while than before, and not between the batches of a stream.
struct TrimSchedule: Sendable {
    /// How many bytes less make it worth while.
    private static let worthwhileByteCount = 1 << 20

    /// Up to how many bytes are had back in a millisecond or two.
    private static let littleByteCount = 16 << 20

    /// How long no more than half of the peak must have been in use.
    private static func quietPeriod(for byteCount: Int) -> Duration {
        byteCount <= Self.littleByteCount ? .milliseconds(500) : .seconds(10)
    }

    private var peak = 0
    private var quietSince = Duration.zero

    /// Looks at what is in use.
    ///
    /// - Parameters:
    ///   - used: The bytes in use.
    ///   - now: The time since the daemon started.
    /// - Returns: Whether memory is to be given back now.
    mutating func note(used: Int, now: Duration) -> Bool {
        self.peak = max(self.peak, used)
        let excess = self.peak - used
        guard used <= self.peak / 2, excess >= Self.worthwhileByteCount else {
            self.quietSince = now
            return false
        }
        guard now - self.quietSince >= Self.quietPeriod(for: excess) else { return false }
        self.peak = used
        self.quietSince = now
        return true
    }
}
