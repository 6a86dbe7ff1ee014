/// A JSON value, as RFC 8259 has it.
///
/// Whole numbers that fit are kept apart from other numbers, so that counters and identifiers
/// lose nothing on the way through a double.
public enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    /// A number that was written without fraction and exponent, and that fits.
    case integer(Int)
    /// Any other number.
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}

extension JSONValue {
    /// The whole number that this value is, however it was written: `5`, `5.0` and `5e0` are the same.
    ///
    /// `nil` for everything else, and for numbers beyond the range of `Int`.
    public var exactInteger: Int? {
        switch self {
        case .integer(let integer): integer
        case .number(let number): Int(exactly: number)
        default: nil
        }
    }

    /// The value as UTF-8 text without white space.
    ///
    /// NaN and the infinities, which JSON does not have, become `null`.
    public func encoded() -> [UInt8] {
        var writer = JSONWriter()
        writer.append(self)
        return writer.bytes
    }

    /// The value as text without white space, as ``encoded()`` has it.
    public var text: String {
        String(decoding: self.encoded(), as: UTF8.self)
    }

    /// How deep arrays and objects may sit inside each other, where nothing else is said.
    public static let maximumDepth = 64

    /// Parses a text.
    ///
    /// - Parameters:
    ///   - bytes: One JSON value as UTF-8, with nothing but white space around it.
    ///   - maximumDepth: How deep arrays and objects may sit inside each other. The parser recurses as deep.
    /// - Throws: ``JSONError``, which says where the text ceases to be JSON.
    /// - Complexity: O(*m*) for *m* bytes.
    public init(parsing bytes: RawSpan, maximumDepth: Int = Self.maximumDepth) throws(JSONError) {
        var parser = JSONParser(copying: bytes, maximumDepth: maximumDepth)
        self = try parser.parseDocument()
    }
}

extension JSONValue: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByStringInterpolation, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// Creates `true` or `false`.
    public init(booleanLiteral value: Bool) {
        self = .bool(value)
    }

    /// Creates a whole number.
    public init(integerLiteral value: Int) {
        self = .integer(value)
    }

    /// Creates a number.
    public init(floatLiteral value: Double) {
        self = .number(value)
    }

    /// Creates a string.
    public init(stringLiteral value: String) {
        self = .string(value)
    }

    /// Creates an array.
    public init(arrayLiteral elements: JSONValue...) {
        self = .array(elements)
    }

    /// Creates an object; where a key is repeated, the last value counts.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(JSONObject(elements))
    }
}
