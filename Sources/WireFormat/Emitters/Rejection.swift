/// A message that was refused, with as much of its identity as could be read.
///
/// The identity is read before anything is judged, and leniently: a batch that is rejected still
/// settles its number, whatever is wrong with it.
public struct Rejection: Error, Hashable, Sendable {
    /// Why.
    public let reason: RejectionReason

    /// A sentence for the log, little of it the peer's own text.
    public let detail: String

    /// Whether the message was a batch, or may have been one.
    public let isBatch: Bool

    /// The session, where it could be read.
    public let session: SessionID?

    /// The batch's number, where it could be read.
    public let seq: Int?

    /// The part; 0 where the message did not say, `nil` where it could not be read.
    public let part: Int?

    /// The optimizer step, where it could be read.
    public let step: Int?

    /// The batch's index in its pass, where it could be read.
    public let batchIndex: Int?

    /// How many numbers below ``seq`` the session says that it gave up, where it could be read.
    public let dropped: Int?

    /// Creates a rejection.
    public init(
        reason: RejectionReason,
        detail: String,
        isBatch: Bool = true,
        session: SessionID? = nil,
        seq: Int? = nil,
        part: Int? = nil,
        step: Int? = nil,
        batchIndex: Int? = nil,
        dropped: Int? = nil
    ) {
        self.reason = reason
        self.detail = detail
        self.isBatch = isBatch
        self.session = session
        self.seq = seq
        self.part = part
        self.step = step
        self.batchIndex = batchIndex
        self.dropped = dropped
    }
}
