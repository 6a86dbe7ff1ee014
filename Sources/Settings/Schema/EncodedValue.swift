/// A value on its way to YAML: what two settings are compared by, and what is written.
indirect enum EncodedValue: Hashable, Sendable {
    case null
    case scalar(String)
    case list([EncodedValue])
    case mapping([Entry])

    /// A key of a mapping with its value.
    struct Entry: Hashable, Sendable {
        let key: String
        let value: EncodedValue
    }

    /// A section's fields by their keys.
    init<Root>(_ root: Root, keys: [SettingKey<Root>]) {
        self = .mapping(keys.compactMap { key in key.write(root).map { Entry(key: key.name, value: $0) } })
    }

    /// The values by their paths; lists are values.
    var leaves: [Entry] {
        guard case .mapping(let entries) = self else { return [] }
        return entries.flatMap { entry in
            guard case .mapping = entry.value else { return [entry] }
            return entry.value.leaves.map { Entry(key: "\(entry.key).\($0.key)", value: $0.value) }
        }
    }
}

extension EncodedValue {
    /// The text of a whole document: mappings in lines of their own, what is in lists on one line for each element.
    var document: String {
        guard case .mapping(let entries) = self else { return "\(self.text)\n" }
        return Self.block(entries, indentation: "")
    }

    private static func block(_ entries: [Entry], indentation: String) -> String {
        entries.map { entry in
            switch entry.value {
            case .mapping(let entries) where !entries.isEmpty:
                "\(indentation)\(entry.key):\n" + Self.block(entries, indentation: indentation + "  ")
            case .list(let elements) where elements.contains(where: \.isMapping):
                "\(indentation)\(entry.key):\n" + elements.map { "\(indentation)  - \($0.text)\n" }.joined()
            default:
                "\(indentation)\(entry.key): \(entry.value.text)\n"
            }
        }
        .joined()
    }

    private var isMapping: Bool {
        if case .mapping = self { true } else { false }
    }

    /// The text of a value within a line.
    var text: String {
        switch self {
        case .null: "null"
        case .scalar(let text): Self.isPlain(text) ? text : Self.quoted(text)
        case .list(let elements): "[\(elements.map(\.text).joined(separator: ", "))]"
        case .mapping(let entries): "{\(entries.map { "\($0.key): \($0.value.text)" }.joined(separator: ", "))}"
        }
    }

    /// Whether a text needs no quotes anywhere in YAML, and is not the word for nothing.
    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last, text.lowercased() != "null" else { return false }
        let isLetterOrDigit: (UInt8) -> Bool = { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"):
                true
            default:
                false
            }
        }
        return (isLetterOrDigit(first) || first == UInt8(ascii: "/") || first == UInt8(ascii: "-"))
            && (isLetterOrDigit(last) || last == UInt8(ascii: "/"))
            && text.utf8.allSatisfy { isLetterOrDigit($0) || "._-/:+".utf8.contains($0) }
    }

    private static func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case "\n": "\\n"
            case "\r": "\\r"
            case "\t": "\\t"
            case _
            where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar == "\u{2028}"
                || scalar == "\u{2029}" || scalar == "\u{FEFF}":
                "\\U" + Self.hexadecimal(scalar.value)
            default: String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }

    private static func hexadecimal(_ value: UInt32) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}
