/// A sign of life between batches.
public struct Alive: Hashable, Sendable {
    /// The run.
    public let run: RunID

    /// The emitter's process.
    public let session: SessionID?

    /// The optimizer step.
    public let step: Int?

    /// What the model is doing.
    public let phase: Phase?

    /// The number that the next batch will have.
    public let seq: Int?

    /// How many numbers below ``seq`` the session has given up.
    public let dropped: Int?

    /// Creates a sign of life.
    public init(
        run: RunID,
        session: SessionID? = nil,
        step: Int? = nil,
        phase: Phase? = nil,
        seq: Int? = nil,
        dropped: Int? = nil
    ) {
        self.run = run
        self.session = session
        self.step = step
        self.phase = phase
        self.seq = seq
        self.dropped = dropped
    }
}
