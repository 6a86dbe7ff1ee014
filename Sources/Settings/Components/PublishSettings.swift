/// Where matrices, alerts and events go to.
public struct PublishSettings: Hashable, Sendable {
    /// The endpoint that the daemon binds for subscribers.
    public var bind = "tcp://127.0.0.1:5572"
    /// The shortest time between two matrices of one window: what lies between is left out, the last never is.
    public var interval = Duration.seconds(1)

    /// Creates the defaults.
    public init() {}
}

extension PublishSettings {
    static let keys: [SettingKey<PublishSettings>] = [
        SettingKey("bind", \.bind, .endpoint(for: .binding)),
        SettingKey("interval", \.interval, .duration(atLeast: .milliseconds(10))),
    ]
}
