/// What peers may cost: whatever goes beyond is rejected and counted.
public struct LimitSettings: Hashable, Sendable {
    /// The bytes that batches under way and the sums of all runs may take together.
    public var memory = 2 << 30
    /// The bytes of one message; not more than ``memory``.
    public var message = 1 << 30
    /// The layers of one run.
    public var layers = 4096
    /// The examples of one batch; at least four, which the estimator needs.
    public var examples = 4096
    /// The runs that are known at one time.
    public var runs = 256
    /// How long the parts of a batch, or the batches of a pass, are waited for.
    public var assembly = Duration.seconds(30)

    /// Creates the defaults.
    public init() {}
}

extension LimitSettings {
    static let keys: [SettingKey<LimitSettings>] = [
        SettingKey("memory", \.memory, .size),
        SettingKey("message", \.message, .size),
        SettingKey("layers", \.layers, .count(1...)),
        SettingKey("examples", \.examples, .count(4...)),
        SettingKey("runs", \.runs, .count(1...)),
        SettingKey("assembly", \.assembly, .duration(atLeast: .milliseconds(10))),
    ]
}
