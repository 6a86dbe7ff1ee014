/// Everything that an operator can choose about a daemon.
///
/// `Settings()` is the defaults, which a daemon without a file runs with; each component says its own beside its
/// fields. What an operator writes comes in through ``init(yaml:file:environment:)``, which checks it.
/// `Config/livecka.yaml` explains every key.
public struct Settings: Hashable, Sendable {
    /// Where batches come from.
    public var ingest = IngestSettings()
    /// Where matrices, alerts and events go to.
    public var publish = PublishSettings()
    /// Where the command line and programs ask.
    public var control = ControlSettings()
    /// The live page, `/metrics` and health.
    public var http = HTTPSettings()
    /// What is kept on disk.
    public var state = StateSettings()
    /// The windows that every run has: at least one, with different names.
    public var windows = WindowSettings.standard
    /// The computation.
    public var engine = EngineSettings()
    /// What peers may cost.
    public var limits = LimitSettings()
    /// How long a live run may be silent before it is called stale.
    public var staleAfter = Duration.seconds(60)
    /// The rules that watch the windows, and who is told.
    public var alerts = AlertSettings()
    /// Who may connect.
    public var security = SecuritySettings()

    /// Creates the defaults.
    public init() {}
}

extension Settings {
    /// The keys, in the order in which they are explained and written.
    static let keys: [SettingKey<Settings>] = [
        SettingKey("ingest", \.ingest, section: IngestSettings.keys),
        SettingKey("publish", \.publish, section: PublishSettings.keys),
        SettingKey("control", \.control, section: ControlSettings.keys),
        SettingKey("http", \.http, section: HTTPSettings.keys),
        SettingKey("state", \.state, section: StateSettings.keys),
        SettingKey("windows", \.windows, WindowSettings.format),
        SettingKey("engine", \.engine, section: EngineSettings.keys),
        SettingKey("limits", \.limits, section: LimitSettings.keys),
        SettingKey("stale_after", \.staleAfter, .duration(atLeast: .milliseconds(10))),
        SettingKey("alerts", \.alerts, section: AlertSettings.keys),
        SettingKey("security", \.security, section: SecuritySettings.keys),
    ]
}
