/// What the monitor goes by.
public struct MonitorSettings: Sendable {
    /// The windows of every run.
    public var windows: [WindowDefinition]

    /// The names of the windows that are to be evaluated at their hops.
    public var watchedWindows: Set<String>

    /// The number of runs that are known at one time.
    public var maximumRunCount: Int

    /// The number of layers that a batch may have, over all its parts.
    public var maximumLayerCount: Int

    /// How long the parts of a batch, and the batches of a pass, may take to come.
    public var assembly: Duration

    /// How long a run may be silent before it counts as stale.
    public var staleAfter: Duration

    /// Creates settings.
    public init(
        windows: [WindowDefinition],
        watchedWindows: Set<String> = [],
        maximumRunCount: Int = 256,
        maximumLayerCount: Int = 4096,
        assembly: Duration = .seconds(30),
        staleAfter: Duration = .seconds(60)
    ) {
        self.windows = windows
        self.watchedWindows = watchedWindows
        self.maximumRunCount = maximumRunCount
        self.maximumLayerCount = maximumLayerCount
        self.assembly = assembly
        self.staleAfter = staleAfter
    }

    /// Takes over everything but the windows, which stay as they are for as long as the daemon runs.
    mutating func update(from other: MonitorSettings) {
        let windows = self.windows
        self = other
        self.windows = windows
    }
}
