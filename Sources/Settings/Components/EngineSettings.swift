/// The computation.
public struct EngineSettings: Hashable, Sendable {
    /// The batches of which the layers' first components are computed.
    public enum FirstComponent: String, CaseIterable, Sendable {
        /// Those of a probe set.
        case probe
        /// All.
        case all
        /// None.
        case off
    }

    /// The number of worker threads, or 0 for one for each core.
    public var threads = 0
    /// The batches of which the layers' first components are computed.
    public var firstComponent = FirstComponent.probe

    /// Creates the defaults.
    public init() {}
}

extension EngineSettings {
    static let keys: [SettingKey<EngineSettings>] = [
        SettingKey("threads", \.threads, .count(0...1024)),
        SettingKey("first_component", \.firstComponent, .choice()),
    ]
}
