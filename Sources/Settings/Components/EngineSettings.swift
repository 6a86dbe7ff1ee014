/// The computation.
public struct EngineSettings: Hashable, Sendable {
    /// The number of worker threads, or 0 for one for each core.
    public var threads = 0

    /// Creates the defaults.
    public init() {}
}

extension EngineSettings {
    static let keys: [SettingKey<EngineSettings>] = [
        SettingKey("threads", \.threads, .count(0...1024))
    ]
}
