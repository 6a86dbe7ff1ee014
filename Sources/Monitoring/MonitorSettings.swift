/// What the monitor goes by.
public struct MonitorSettings: Sendable {
    /// The windows of every run.
    public var windows: [WindowDefinition]

    /// The number of runs that are known at one time.
    public var maximumRunCount: Int

    /// How long the parts of a batch, and the batches of a pass, may take to come.
    public var assembly: Duration

    /// How long a run may be silent before it counts as stale.
    public var staleAfter: Duration

    /// Creates settings.
    public init(
        windows: [WindowDefinition],
        maximumRunCount: Int = 256,
        assembly: Duration = .seconds(30),
        staleAfter: Duration = .seconds(60)
    ) {
        self.windows = windows
        self.maximumRunCount = maximumRunCount
        self.assembly = assembly
        self.staleAfter = staleAfter
    }
}
