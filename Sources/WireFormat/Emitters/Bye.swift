/// An emitter's farewell.
public struct Bye: Hashable, Sendable {
    /// How an execution can end.
    public enum Reason: String, CaseIterable, Sendable {
        case finished, failed, interrupted
    }

    /// The run.
    public let run: RunID

    /// The emitter's process.
    public let session: SessionID?

    /// The number that the next batch would have had.
    public let seq: Int?

    /// How many batches were sent.
    public let sent: Int?

    /// How many numbers below ``seq`` the session has given up.
    public let dropped: Int?

    /// How the execution ended.
    public let reason: Reason?

    /// Creates a farewell.
    public init(
        run: RunID,
        session: SessionID? = nil,
        seq: Int? = nil,
        sent: Int? = nil,
        dropped: Int? = nil,
        reason: Reason? = nil
    ) {
        self.run = run
        self.session = session
        self.seq = seq
        self.sent = sent
        self.dropped = dropped
        self.reason = reason
    }
}
