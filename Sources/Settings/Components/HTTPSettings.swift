/// The live page, `/metrics` and health.
public struct HTTPSettings: Hashable, Sendable {
    /// The address or host name to listen at.
    public var host = "127.0.0.1"
    /// The port, or 0 for any free one.
    public var port = 5574

    /// Creates the defaults.
    public init() {}
}

extension HTTPSettings {
    static let keys: [SettingKey<HTTPSettings>] = [
        SettingKey("host", \.host, .host),
        SettingKey("port", \.port, .count(0...65535)),
    ]
}
