/// A window: a name, and which batches it pools into one matrix.
public struct WindowSettings: Hashable, Sendable {
    /// Which batches a window pools.
    public enum Kind: Hashable, Sendable {
        /// The batches of one step.
        case pass
        /// The last `batches` batches, a positive multiple of eight.
        case sliding(batches: Int)
        /// All batches, each of which loses half its weight with every `halfLife` batches that follow.
        case decay(halfLife: Double)
        /// All batches since the generation began, or since a reset.
        case total
    }

    /// The name, unlike that of any other window.
    public var name: String
    /// Which batches the window pools.
    public var kind: Kind

    /// Creates a window.
    public init(name: String, kind: Kind) {
        self.name = name
        self.kind = kind
    }

    /// The windows of a daemon that is told nothing else: `pass`, `recent`, `trend` and `total`.
    public static let standard = [
        WindowSettings(name: "pass", kind: .pass),
        WindowSettings(name: "recent", kind: .sliding(batches: 64)),
        WindowSettings(name: "trend", kind: .decay(halfLife: 256)),
        WindowSettings(name: "total", kind: .total),
    ]
}

extension WindowSettings {
    static let format: SettingFormat<[WindowSettings]> = .list(
        of: .record(startingWith: Draft(), keys: Draft.keys, build: Self.init(_:at:reader:)) { Draft($0) },
        identifiedBy: Identity(key: "name") { $0.name },
        isRequired: true
    )

    /// A window with its keys as they are written: which of them belong depends on the kind.
    struct Draft: Sendable {
        var name: String?
        var kind: KindName?
        var batches: Int?
        var halfLife: Double?

        static let keys: [SettingKey<Draft>] = [
            SettingKey("name", \.name, whereGiven: .name),
            SettingKey("kind", \.kind, whereGiven: .choice()),
            SettingKey("batches", \.batches, whereGiven: .multipleOfEight),
            SettingKey("half_life", \.halfLife, whereGiven: .positiveNumber),
        ]
    }

    enum KindName: String, CaseIterable, Sendable {
        case pass, sliding, decay, total
    }

    private init?(_ draft: Draft, at place: Place, reader: inout SettingsReader) {
        if draft.kind != .sliding, draft.kind != nil, draft.batches != nil {
            reader.report("only a sliding window has this", "leave it out", at: place.child("batches", in: reader))
        }
        if draft.kind != .decay, draft.kind != nil, draft.halfLife != nil {
            reader.report("only a decay window has this", "leave it out", at: place.child("half_life", in: reader))
        }
        let name = reader.require(draft.name, "name", .name, at: place)
        guard let kindName = reader.require(draft.kind, "kind", .choice(), at: place) else {
            return nil
        }
        let kind: Kind? =
            switch kindName {
            case .pass: .pass
            case .total: .total
            case .sliding:
                reader.require(draft.batches, "batches", .multipleOfEight, at: place)
                    .map { .sliding(batches: $0) }
            case .decay:
                reader.require(draft.halfLife, "half_life", .positiveNumber, at: place)
                    .map { .decay(halfLife: $0) }
            }
        guard let name, let kind else { return nil }
        self.init(name: name, kind: kind)
    }
}

extension WindowSettings.Draft {
    fileprivate init(_ window: WindowSettings) {
        self.name = window.name
        switch window.kind {
        case .pass:
            self.kind = .pass
        case .sliding(let batches):
            self.kind = .sliding
            self.batches = batches
        case .decay(let halfLife):
            self.kind = .decay
            self.halfLife = halfLife
        case .total:
            self.kind = .total
        }
    }
}
