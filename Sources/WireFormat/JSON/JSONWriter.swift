/// Writes JSON as UTF-8, without white space.
struct JSONWriter {
    private static let hexadecimalDigits = Array("0123456789abcdef".utf8)

    /// What has been written.
    private(set) var bytes: [UInt8] = []

    /// Appends a value.
    mutating func append(_ value: JSONValue) {
        switch value {
        case .null: self.append("null")
        case .bool(let bool): self.append(bool ? "true" : "false")
        case .integer(let integer): self.append(String(integer))
        // The shortest text that reads as the same double. It has a point or an exponent, so it stays a double.
        case .number(let number): self.append(number.isFinite ? number.description : "null")
        case .string(let string): self.appendString(string)
        case .array(let elements): self.append(elements)
        case .object(let object): self.append(object)
        }
    }

    private mutating func append(_ elements: [JSONValue]) {
        self.append("[")
        for (index, element) in elements.enumerated() {
            if index > 0 { self.append(",") }
            self.append(element)
        }
        self.append("]")
    }

    private mutating func append(_ object: JSONObject) {
        self.append("{")
        for (index, member) in object.enumerated() {
            if index > 0 { self.append(",") }
            self.appendString(member.key)
            self.append(":")
            self.append(member.value)
        }
        self.append("}")
    }

    private mutating func appendString(_ string: String) {
        self.append("\"")
        for byte in string.utf8 {
            switch byte {
            case 0x22: self.append("\\\"")
            case 0x5C: self.append("\\\\")
            case 0x0A: self.append("\\n")
            case 0x0D: self.append("\\r")
            case 0x09: self.append("\\t")
            case 0..<0x20:
                self.append("\\u00")
                self.bytes.append(Self.hexadecimalDigits[Int(byte >> 4)])
                self.bytes.append(Self.hexadecimalDigits[Int(byte & 15)])
            default: self.bytes.append(byte)
            }
        }
        self.append("\"")
    }

    private mutating func append(_ text: String) {
        self.bytes += text.utf8
    }
}
