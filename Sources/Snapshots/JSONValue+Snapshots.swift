internal import WireFormat

extension JSONValue {
    /// Names for layers that have none: their positions.
    static func positions(_ count: Int) -> JSONValue {
        .array((0..<count).map { .string("\($0)") })
    }

    /// Parses a text that lies in a file or a frame.
    init(parsing bytes: ArraySlice<UInt8>) throws(JSONError) {
        // SAFETY: Bytes have no padding that could be read.
        try unsafe self.init(parsing: bytes.span.bytes)
    }

    /// A number as a double, `NaN` for `null`, and `nil` for anything else.
    var doubleOrNaN: Double? {
        switch self {
        case .null: .nan
        case .integer(let integer): Double(integer)
        case .number(let number): number
        default: nil
        }
    }
}

extension JSONObject {
    /// Parses a text that must be a JSON object.
    init(parsing bytes: [UInt8]) throws(SnapshotError) {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: bytes[...])
        } catch {
            throw .malformed(reason: "\(error)")
        }
        guard case .object(let object) = value else { throw .malformed(reason: "it is no JSON object") }
        self = object
    }
}
