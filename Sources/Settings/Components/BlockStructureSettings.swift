/// The rule for blocks: contiguous ranges of layers that are far more alike than layers just as far apart elsewhere.
///
/// Strength is in units of CKA: how much more alike the layers of a block are than pairs at the same distance across
/// its edge. Dominance, between 0 and 1, says how far one principal component carries the block.
public struct BlockStructureSettings: Hashable, Sendable {
    /// The name of the window that is watched.
    public var window = "recent"
    /// The alert is raised where the strength less its standard error reaches this.
    public var enter = 0.12
    /// The alert is cleared where the strength and its standard error stay below this; not above ``enter``.
    public var exit = 0.08
    /// The dominance that it takes to raise the alert.
    public var dominanceEnter = 0.45
    /// The dominance below which the alert is cleared; not above ``dominanceEnter``.
    public var dominanceExit = 0.38
    /// The number of evaluations running that must agree to raise or to clear.
    public var dwell = 3
    /// The batches that a window needs before it is evaluated.
    public var minimumBatches = 8
    /// The distinct batches of a probe set that a window needs before it is evaluated.
    public var minimumProbeBatches = 4
    /// Regular expressions over layer names, each of which makes a group that is searched on its own.
    ///
    /// None: all layers are one group.
    public var groups: [String] = []
    /// The CKA that pairs of layers inside a block exceed: the zero of the score of an interval.
    public var threshold = 0.9
    /// The most that one dissimilar pair can take from the score of an interval.
    public var penalty = 0.25
    /// The fewest layers of an interval.
    public var intervalLayers = 5
    /// The fewest layers of a block, whatever the depth of the network.
    public var gateLayers = 4
    /// The smallest share of the network's layers that a block has.
    public var gateShare = 0.2
    /// The least mean CKA between the first and the last quarter of a block.
    public var corner = 0.85
    /// The overlap, intersection over union, from which two intervals are the same block.
    public var overlap = 0.5

    /// Creates the defaults.
    public init() {}
}

extension BlockStructureSettings {
    static let keys: [SettingKey<BlockStructureSettings>] = [
        SettingKey("window", \.window, .name),
        SettingKey("enter", \.enter, .number(0...1)),
        SettingKey("exit", \.exit, .number(0...1)),
        SettingKey("dominance_enter", \.dominanceEnter, .number(0...1)),
        SettingKey("dominance_exit", \.dominanceExit, .number(0...1)),
        SettingKey("dwell", \.dwell, .count(1...)),
        SettingKey("minimum_batches", \.minimumBatches, .count(1...)),
        SettingKey("minimum_probe_batches", \.minimumProbeBatches, .count(1...)),
        SettingKey("groups", \.groups, .list(of: .regularExpression)),
        SettingKey("threshold", \.threshold, .number(0...1)),
        SettingKey("penalty", \.penalty, .number(0...1)),
        SettingKey("interval_layers", \.intervalLayers, .count(2...)),
        SettingKey("gate_layers", \.gateLayers, .count(2...)),
        SettingKey("gate_share", \.gateShare, .number(0...1)),
        SettingKey("corner", \.corner, .number(-1...1)),
        SettingKey("overlap", \.overlap, .number(0...1)),
    ]
}
