/// Why a text is not JSON.
public struct JSONError: Error, Hashable, Sendable {
    /// What can be wrong with a text.
    public enum Reason: Hashable, Sendable {
        case unexpectedEnd
        case unexpectedByte
        case trailingBytes
        case tooDeep
        case invalidEscape
        case loneSurrogate
        case controlCharacter
        case invalidUTF8
        case numberOutOfRange
    }

    /// What is wrong.
    public let reason: Reason

    /// How many bytes of the text come before the place that is wrong.
    public let offset: Int

    /// Creates an error.
    public init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}

extension JSONError: CustomStringConvertible {
    /// A sentence without a full stop: what is wrong, and where.
    public var description: String {
        let reason =
            switch self.reason {
            case .unexpectedEnd: "the text ends too early"
            case .unexpectedByte: "a byte that cannot stand there"
            case .trailingBytes: "more text after the value"
            case .tooDeep: "nested too deep"
            case .invalidEscape: "an escape that JSON does not have"
            case .loneSurrogate: "half of a surrogate pair"
            case .controlCharacter: "a control character in a string"
            case .invalidUTF8: "a string that is not UTF-8"
            case .numberOutOfRange: "a number beyond the range of a double"
            }
        return "\(reason), at byte \(self.offset)"
    }
}
