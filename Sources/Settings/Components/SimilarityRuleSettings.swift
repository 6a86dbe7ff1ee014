/// A rule of the user's own: the CKA of pairs of layers, above or below a value.
public struct SimilarityRuleSettings: Hashable, Sendable {
    /// What a pair must satisfy for the alert to be raised, its standard error taken off in the alert's disfavour.
    public enum Condition: Hashable, Sendable {
        /// The pair's CKA less its standard error is above the value.
        case above(Double)
        /// The pair's CKA and its standard error are below the value.
        case below(Double)
    }

    /// The name, unlike that of any other rule.
    public var name: String
    /// The name of the window that is watched.
    public var window = "recent"
    /// A regular expression over layer names: one side of the pairs.
    public var first: String
    /// A regular expression over layer names: the other side of the pairs.
    public var second: String
    /// What a pair must satisfy.
    public var condition: Condition
    /// The number of evaluations running that must agree.
    public var evaluations = 3

    /// Creates a rule for the window `recent` and three evaluations.
    public init(name: String, first: String, second: String, condition: Condition) {
        self.name = name
        self.first = first
        self.second = second
        self.condition = condition
    }
}

extension SimilarityRuleSettings {
    static let format: SettingFormat<[SimilarityRuleSettings]> = .list(
        of: .record(startingWith: Draft(), keys: Draft.keys, build: Self.init(_:at:reader:)) { Draft($0) },
        identifiedBy: Identity(key: "name") { $0.name }
    )

    /// A rule with its keys as they are written: exactly one of `above` and `below` is.
    struct Draft: Sendable {
        var name: String?
        var window: String?
        var first: String?
        var second: String?
        var above: Double?
        var below: Double?
        var evaluations: Int?

        static let keys: [SettingKey<Draft>] = [
            SettingKey("name", \.name, whereGiven: .ruleName),
            SettingKey("window", \.window, whereGiven: .name),
            SettingKey("first", \.first, whereGiven: .regularExpression),
            SettingKey("second", \.second, whereGiven: .regularExpression),
            SettingKey("above", \.above, whereGiven: .number(-1...1)),
            SettingKey("below", \.below, whereGiven: .number(-1...1)),
            SettingKey("evaluations", \.evaluations, whereGiven: .count(1...)),
        ]
    }

    private init?(_ draft: Draft, at place: Place, reader: inout SettingsReader) {
        let name = reader.require(draft.name, "name", .ruleName, at: place)
        let first = reader.require(draft.first, "first", .regularExpression, at: place)
        let second = reader.require(draft.second, "second", .regularExpression, at: place)
        let condition: Condition
        switch (draft.above, draft.below) {
        case (let above?, nil):
            condition = .above(above)
        case (nil, let below?):
            condition = .below(below)
        case (nil, nil):
            if !reader.hasProblem(under: ["\(place.path).above", "\(place.path).below"]) {
                reader.report("neither above nor below is given", "write one of them", at: place)
            }
            return nil
        case (_?, _?):
            reader.report("both above and below are given", "leave one of them out", at: place)
            return nil
        }
        guard let name, let first, let second else { return nil }
        self.init(name: name, first: first, second: second, condition: condition)
        self.window = draft.window ?? self.window
        self.evaluations = draft.evaluations ?? self.evaluations
    }
}

extension SimilarityRuleSettings.Draft {
    fileprivate init(_ rule: SimilarityRuleSettings) {
        self.name = rule.name
        self.window = rule.window
        self.first = rule.first
        self.second = rule.second
        switch rule.condition {
        case .above(let value): self.above = value
        case .below(let value): self.below = value
        }
        self.evaluations = rule.evaluations
    }
}
