/// When memory that batches have left behind is to be given back to the system.
///
/// A value-type state machine. A lot is given back once much less has been in use for a while than before, and not
/// between the batches of a stream; a little as soon as the daemon rests.
struct TrimSchedule: Sendable {
    /// How long no more than half of the peak must have been in use before a lot is given back.
    private static let quietPeriod = Duration.seconds(10)

    /// The most that may have been in use for a rest to be enough: as much is had back in a millisecond or two.
    private static let littleByteCount = 16 << 20

    /// How long no batch must have been computed.
    private static let restPeriod = Duration.milliseconds(500)

    private var peak = 0
    private var quietSince = Duration.zero
    private var lastActivity = Duration.zero
    private var hasRested = true

    /// Looks at what is in use.
    ///
    /// - Parameters:
    ///   - used: The bytes in use.
    ///   - isActive: Whether a batch has been computed since the last look.
    ///   - now: The time since the daemon started.
    /// - Returns: Whether memory is to be given back now.
    mutating func note(used: Int, isActive: Bool, now: Duration) -> Bool {
        self.peak = max(self.peak, used)
        if isActive {
            self.lastActivity = now
            self.hasRested = false
        }
        let isQuiet = used <= self.peak / 2 && self.peak > Self.littleByteCount
        if !isQuiet {
            self.quietSince = now
        }
        let rests = !self.hasRested && now - self.lastActivity >= Self.restPeriod && self.peak <= Self.littleByteCount
        guard rests || isQuiet && now - self.quietSince >= Self.quietPeriod else { return false }
        self.peak = used
        self.quietSince = now
        self.hasRested = true
        return true
    }
}
