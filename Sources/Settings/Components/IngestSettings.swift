/// Where batches come from.
public struct IngestSettings: Hashable, Sendable {
    /// The endpoints that the daemon binds for emitters to connect to, each with a socket of its own.
    public var bind = ["tcp://127.0.0.1:5571"]
    /// The endpoints of emitters that the daemon attaches to at start.
    public var connect: [String] = []

    /// Creates the defaults.
    public init() {}
}

extension IngestSettings {
    static let keys: [SettingKey<IngestSettings>] = [
        SettingKey("bind", \.bind, .list(of: .endpoint(for: .binding))),
        SettingKey("connect", \.connect, .list(of: .endpoint(for: .connecting))),
    ]
}
