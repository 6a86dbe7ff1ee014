/// The members of a header, read strictly.
///
/// A `null` counts as absent. A boolean is not a number, and `5.0` is an integer.
struct HeaderFields {
    /// The largest number that every JSON reader holds exactly, 2⁵³.
    static let largestNumber = 1 << 53

    private let object: JSONObject

    init(_ object: JSONObject) {
        self.object = object
    }

    /// The member of a key, or `nil` where it is absent.
    subscript(key: String) -> JSONValue? {
        guard let value = self.object[key] else { return nil }
        if case .null = value {
            return nil
        }
        return value
    }

    /// An integer in a range.
    func integer(_ key: String, in range: ClosedRange<Int> = 0...Self.largestNumber) throws(Rejection) -> Int? {
        guard let value = self[key] else { return nil }
        return try Self.integer(value, key, in: range)
    }

    /// An integer in a range that must be there.
    func requiredInteger(_ key: String) throws(Rejection) -> Int {
        try self.required(try self.integer(key), key)
    }

    /// A number.
    func number(_ key: String) throws(Rejection) -> Double? {
        let number: Double
        switch self[key] {
        case nil: return nil
        case .integer(let value)?: number = Double(value)
        case .number(let value)?: number = value
        default: throw .malformed("\(key) is not a number")
        }
        guard abs(number) <= Double(Self.largestNumber) else {
            throw .malformed("\(key) is over 2^53")
        }
        return number
    }

    /// A string.
    func string(_ key: String) throws(Rejection) -> String? {
        switch self[key] {
        case nil: return nil
        case .string(let string)?: return string
        default: throw .malformed("\(key) is not a string")
        }
    }

    /// A string that must be there.
    func requiredString(_ key: String) throws(Rejection) -> String {
        try self.required(try self.string(key), key)
    }

    /// A name such as that of a layer: 1 to 256 bytes without control characters.
    func name(_ key: String) throws(Rejection) -> String? {
        try self.string(key).map { string throws(Rejection) in try Self.name(string, key) }
    }

    /// One of a few words.
    func word<Word: RawRepresentable<String>>(_ key: String) throws(Rejection) -> Word? {
        guard let string = try self.string(key) else { return nil }
        guard let word = Word(rawValue: string) else {
            throw .malformed("\(key) is \(string.quoted), which means nothing here")
        }
        return word
    }

    /// A boolean.
    func bool(_ key: String) throws(Rejection) -> Bool? {
        switch self[key] {
        case nil: return nil
        case .bool(let value)?: return value
        default: throw .malformed("\(key) is neither true nor false")
        }
    }

    /// An array.
    func array(_ key: String) throws(Rejection) -> [JSONValue]? {
        switch self[key] {
        case nil: return nil
        case .array(let array)?: return array
        default: throw .malformed("\(key) is not an array")
        }
    }

    /// An array of integers.
    func integers(_ key: String) throws(Rejection) -> [Int]? {
        try self.array(key)?.map { value throws(Rejection) in
            try Self.integer(value, key, in: -Self.largestNumber...Self.largestNumber)
        }
    }

    /// A UUID.
    func session() throws(Rejection) -> SessionID? {
        guard let string = try self.string("session") else { return nil }
        guard let session = SessionID(string) else {
            throw .malformed("session is not a UUID")
        }
        return session
    }

    /// An integer in a range.
    static func integer(_ value: JSONValue, _ key: String, in range: ClosedRange<Int>) throws(Rejection) -> Int {
        guard let integer = value.exactInteger else {
            throw .malformed("\(key) is not an integer")
        }
        guard range.contains(integer) else {
            throw .malformed(integer < range.lowerBound ? "\(key) is below \(range.lowerBound)" : "\(key) is over 2^53")
        }
        return integer
    }

    /// A name such as that of a layer: 1 to 256 bytes without control characters.
    static func name(_ string: String, _ key: String) throws(Rejection) -> String {
        guard string.isLayerName else {
            throw .malformed("\(key) is not 1 to 256 bytes without control characters")
        }
        return string
    }

    private func required<Value>(_ value: Value?, _ key: String) throws(Rejection) -> Value {
        guard let value else {
            throw .malformed("\(key) is missing")
        }
        return value
    }
}
