/// Who may connect.
public struct SecuritySettings: Hashable, Sendable {
    /// The keys of encrypted connections.
    public var curve = CurveSettings()

    /// Creates the defaults.
    public init() {}
}

/// The keys of encrypted connections: ZeroMQ's CURVE mechanism.
public struct CurveSettings: Hashable, Sendable {
    /// The absolute path of the file that holds the daemon's secret key, or `nil` for connections in the clear.
    ///
    /// A path, not the key itself, so that the settings can be shown and shared.
    public var secretKey: String?
    /// The public keys of the peers that may connect, in Z85: 40 characters each.
    public var allow: [String] = []

    /// Creates the defaults.
    public init() {}
}

extension SecuritySettings {
    static let keys: [SettingKey<SecuritySettings>] = [
        SettingKey("curve", \.curve, section: CurveSettings.keys)
    ]
}

extension CurveSettings {
    static let keys: [SettingKey<CurveSettings>] = [
        SettingKey("secret_key", \.secretKey, .optional(.absolutePath)),
        SettingKey("allow", \.allow, .list(of: .publicKey)),
    ]
}
