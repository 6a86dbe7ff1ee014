extension SettingFormat where Value == String {
    /// A name of a window, which ends up in topics and file names.
    static let name: SettingFormat = .text(nameExpectation) { text throws(Misfit) in
        try checkName(text)
    }

    /// A name of a rule, which is not one of the daemon's own.
    static let ruleName: SettingFormat = .text(nameExpectation) { text throws(Misfit) in
        try checkName(text)
        guard !AlertSettings.builtInRules.contains(text) else {
            throw Misfit(reason: "\"\(text)\" is the name of a built-in rule", remedy: "choose another name")
        }
    }

    /// A regular expression over layer names.
    static let regularExpression: SettingFormat = .text(
        "a regular expression, in quotes where it has special characters"
    ) { text throws(Misfit) in
        guard !text.isEmpty else { throw Misfit(reason: "the expression is empty") }
        do {
            _ = try Regex(text)
        } catch {
            throw Misfit(reason: "\"\(text)\" is not a regular expression")
        }
    }

    /// A path that does not depend on where the daemon is started.
    static let absolutePath: SettingFormat = .text("a path that begins with /") { text throws(Misfit) in
        guard text.hasPrefix("/"), !text.utf8.contains(0) else {
            throw Misfit(reason: "\"\(text)\" is not an absolute path")
        }
    }

    /// An address or host name to listen at.
    static let host: SettingFormat = .text("an address or host name, such as 127.0.0.1") { text throws(Misfit) in
        guard Endpoint.isHost(text) else { throw Misfit(reason: "\"\(text)\" is not a host") }
    }

    /// The URL of a server.
    static let url: SettingFormat = .text("a URL such as http://127.0.0.1:9093") { text throws(Misfit) in
        let rest = ["http://", "https://"].first(where: text.hasPrefix).map { text.dropFirst($0.count) }
        guard let rest, let first = rest.utf8.first, isLetterOrDigit(first) || first == UInt8(ascii: "["),
            rest.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw Misfit(reason: "\"\(text)\" is not an http:// or https:// URL") }
    }

    /// A CURVE public key as `livecka keygen` prints it.
    static let publicKey: SettingFormat = .text("a public key: the 40 characters that livecka keygen prints, in quotes")
    {
        text throws(Misfit) in
        guard text.utf8.count == 40, text.utf8.allSatisfy({ isLetterOrDigit($0) || z85Symbols.utf8.contains($0) })
        else { throw Misfit(reason: "\"\(text)\" is not a key in Z85") }
    }

    /// A format of texts that are kept as they are written.
    static func text(
        _ expectation: String,
        check: @escaping @Sendable (String) throws(Misfit) -> Void
    ) -> SettingFormat {
        .scalar(expectation) { text throws(Misfit) in
            try check(text)
            return text
        } write: { text in
            text
        }
    }
}

extension SettingFormat where Value: RawRepresentable & CaseIterable & Sendable, Value.RawValue == String {
    /// One of a few words.
    static func choice() -> SettingFormat {
        let words = Value.allCases.map(\.rawValue)
        return .scalar(listed(words, lastWord: "or")) { text throws(Misfit) in
            guard let value = Value(rawValue: text) else {
                throw Misfit(
                    reason: "\(shown(text)) is not known",
                    remedy: closestSpelling(to: text, among: words).map { "did you mean \($0)?" }
                )
            }
            return value
        } write: { value in
            value.rawValue
        }
    }
}

private let nameExpectation = "a name: letters, digits, '.', '_' and '-', 128 at most, first a letter or digit"

/// The characters of Z85 beside letters and digits.
private let z85Symbols = ".-:+=^!/*?&<>()[]{}@%$#"

private func checkName(_ text: String) throws(Misfit) {
    guard text.utf8.count <= 128, let first = text.utf8.first, isLetterOrDigit(first),
        text.utf8.allSatisfy({ isLetterOrDigit($0) || "._-".utf8.contains($0) })
    else { throw Misfit(reason: "\"\(text)\" is not a name") }
}

/// Whether a byte is an ASCII letter or digit.
func isLetterOrDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"):
        true
    default:
        false
    }
}
