extension Settings {
    /// The keys that are set to something else than their defaults and that this version does not act on.
    public var withoutEffect: [String] {
        self.changedKeys(from: Settings()).filter { $0.isUnder(Self.unusedKeys) }
    }

    /// The keys that changed and that only a restart puts into effect.
    public func restartNeeded(from old: Settings) -> [String] {
        self.changedKeys(from: old).filter { !Self.isReloadable($0) }
    }

    /// Whether a reload puts a key into effect.
    static func isReloadable(_ key: String) -> Bool {
        key.isUnder(self.reloadableKeys)
    }

    /// The keys, or the sections, that this version reads, checks and does not act on.
    private static let unusedKeys = ["http", "security"]

    /// The keys, or the sections, that a reload puts into effect.
    private static let reloadableKeys = [
        "ingest.connect", "publish.interval", "engine.first_component", "state.history", "limits", "stale_after",
        "alerts",
    ]

    /// The keys whose values differ, in the order of the file that explains them.
    private func changedKeys(from old: Settings) -> [String] {
        let new = EncodedValue(self, keys: Self.keys).leaves
        let old = EncodedValue(old, keys: Self.keys).leaves
        return zip(new, old).filter { $0 != $1 }.map { $0.0.key }
    }
}

extension String {
    /// Whether this path is one of the keys or below one of the sections.
    fileprivate func isUnder(_ keys: [String]) -> Bool {
        keys.contains { self == $0 || self.hasPrefix("\($0).") }
    }
}
