/// Where the command line and programs ask.
public struct ControlSettings: Hashable, Sendable {
    /// The `ipc://` endpoint that the daemon binds, or `nil` for ``RuntimePaths/controlEndpoint``.
    public var bind: String?

    /// Creates the defaults.
    public init() {}
}

extension ControlSettings {
    static let keys: [SettingKey<ControlSettings>] = [
        SettingKey("bind", \.bind, .optional(.endpoint(for: .control)))
    ]
}
