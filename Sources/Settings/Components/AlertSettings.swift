/// The rules that watch the windows, and who is told.
///
/// The rules `non_finite`, `constant_layer` and `run_stale` need no setting of their own (the last one follows
/// ``Settings/staleAfter``).
public struct AlertSettings: Hashable, Sendable {
    /// The rule for blocks of very similar layers.
    public var blockStructure = BlockStructureSettings()
    /// The rule for batches that never arrived.
    public var coverage = CoverageSettings()
    /// The user's own rules about pairs of layers.
    public var similarity: [SimilarityRuleSettings] = []
    /// A running Alertmanager that is told of every alert.
    public var alertmanager = AlertmanagerSettings()

    /// Creates the defaults.
    public init() {}
}

/// The rule for batches that never arrived.
public struct CoverageSettings: Hashable, Sendable {
    /// The name of the window that is watched.
    public var window = "recent"
    /// The share of a window's batches, between 0 and 1, that may be missing.
    public var missing = 0.1

    /// Creates the defaults.
    public init() {}
}

/// A running Alertmanager that is told of every alert, through its v2 API.
public struct AlertmanagerSettings: Hashable, Sendable {
    /// Its base URL, such as `http://127.0.0.1:9093`, or `nil` where there is none.
    public var url: String?
    /// The time after which it is told again of every alert that fires; it forgets them after five minutes otherwise.
    public var resend = Duration.seconds(60)
    /// How long an answer is waited for.
    public var timeout = Duration.seconds(10)

    /// Creates the defaults.
    public init() {}
}

extension AlertSettings {
    /// The rules that come with the daemon, whose names no other rule may have.
    static let builtInRules = [
        "block_structure", "non_finite", "constant_layer", "run_stale", "coverage", "similarity",
    ]

    static let keys: [SettingKey<AlertSettings>] = [
        SettingKey("block_structure", \.blockStructure, section: BlockStructureSettings.keys),
        SettingKey("coverage", \.coverage, section: CoverageSettings.keys),
        SettingKey("similarity", \.similarity, SimilarityRuleSettings.format),
        SettingKey("alertmanager", \.alertmanager, section: AlertmanagerSettings.keys),
    ]
}

extension CoverageSettings {
    static let keys: [SettingKey<CoverageSettings>] = [
        SettingKey("window", \.window, .name),
        SettingKey("missing", \.missing, .number(0...1)),
    ]
}

extension AlertmanagerSettings {
    static let keys: [SettingKey<AlertmanagerSettings>] = [
        SettingKey("url", \.url, .optional(.url)),
        SettingKey("resend", \.resend, .duration(atLeast: .milliseconds(10))),
        SettingKey("timeout", \.timeout, .duration(atLeast: .milliseconds(10))),
    ]
}
