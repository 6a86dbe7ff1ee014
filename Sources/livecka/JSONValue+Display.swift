import WireFormat

extension JSONValue {
    /// The members, none where this is no object.
    var object: JSONObject {
        guard case .object(let object) = self else { return [:] }
        return object
    }

    /// The elements, none where this is no array.
    var array: [JSONValue] {
        guard case .array(let array) = self else { return [] }
        return array
    }

    /// The text, `nil` where this is none.
    var string: String? {
        guard case .string(let string) = self else { return nil }
        return string
    }

    /// The number, `nil` where this is none.
    var double: Double? {
        switch self {
        case .integer(let integer): Double(integer)
        case .number(let number): number
        default: nil
        }
    }
}

extension JSONValue? {
    /// The value as a person reads it: text without quotes, a dash for what is not known.
    var display: String {
        switch self {
        case nil, .null?: "–"
        case .string(let string)?: string
        case .array(let array)?: array.isEmpty ? "–" : array.map { JSONValue?.some($0).display }.joined(separator: ", ")
        case .some(let value): value.text
        }
    }
}
