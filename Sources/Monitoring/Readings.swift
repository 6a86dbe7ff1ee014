public import WireFormat

/// What a window of a run held at one moment.
public struct WindowReading: Sendable {
    /// The run.
    public let run: RunID

    /// The window.
    public let window: WindowDefinition

    /// The number of the generation.
    public let generation: Int

    /// The names of the layers, in order.
    public let layers: [String]

    /// The sums, with what they cover.
    public let sums: WindowSums

    /// The account of the run.
    public let accounting: Accounting
}

/// What is known of a run at one moment.
public struct RunReading: Sendable {
    /// The run.
    public let run: RunID

    /// `live`, `stale` or `ended`.
    public let state: String

    /// The last step heard of.
    public let step: Int?

    /// The number of the generation, `nil` before the first batch.
    public let generation: Int?

    /// The names of the layers, in order.
    public let layers: [String]

    /// Each window, with what it holds.
    public let windows: [(definition: WindowDefinition, sums: WindowSums?)]

    /// The account.
    public let accounting: Accounting

    /// The sessions, those heard most recently first.
    public let sessions: [SessionReading]
}

/// What is known of a session at one moment.
public struct SessionReading: Sendable {
    /// The session.
    public let session: SessionID

    /// Where its messages come from.
    public let endpoint: String

    /// The name and version of its client.
    public let client: String?

    /// Whether it has said bye.
    public let hasEnded: Bool

    /// How long ago it was last heard.
    public let silence: Duration

    /// Its account.
    public let accounting: Accounting
}
