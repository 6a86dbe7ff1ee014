/// What is kept on disk, so that a restart goes on where the daemon stopped.
public struct StateSettings: Hashable, Sendable {
    /// The absolute path of the directory, or `nil` for ``RuntimePaths/stateDirectory``.
    public var directory: String?
    /// The time between two writes of what changed: a crash loses at most this much.
    public var checkpoint = Duration.seconds(1)
    /// How long matrices and alerts of the past are kept.
    public var history = Duration.seconds(30 * 24 * 60 * 60)

    /// Creates the defaults.
    public init() {}
}

extension StateSettings {
    static let keys: [SettingKey<StateSettings>] = [
        SettingKey("directory", \.directory, .optional(.absolutePath)),
        SettingKey("checkpoint", \.checkpoint, .duration(atLeast: .milliseconds(10))),
        SettingKey("history", \.history, .duration(atLeast: .seconds(60))),
    ]
}
