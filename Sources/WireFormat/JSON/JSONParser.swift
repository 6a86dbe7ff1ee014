/// A strict parser of RFC 8259.
///
/// It works on a copy of the text: an array can be read without unsafe code, and copying a header
/// of a hundred kilobytes takes a few microseconds.
struct JSONParser {
    /// Parses the value of a member, which comes next, its key already read.
    typealias MemberParser = (inout JSONParser, _ key: String) throws(JSONError) -> JSONValue

    /// The place of the byte that comes next.
    private(set) var position = 0

    private let bytes: [UInt8]
    private let maximumDepth: Int

    /// Creates a parser at the beginning of a text.
    init(copying bytes: RawSpan, maximumDepth: Int = JSONValue.maximumDepth) {
        // SAFETY: the buffer is read only during the call.
        self.bytes = unsafe bytes.withUnsafeBytes { unsafe Array($0) }
        self.maximumDepth = maximumDepth
    }

    /// Parses the whole text, which must be one value.
    ///
    /// - Parameter member: Parses each member where the value is an object.
    /// - Returns: The value.
    /// - Throws: ``JSONError``, which says where the text ceases to be JSON.
    mutating func parseDocument(
        member: MemberParser = { parser, _ throws(JSONError) in try parser.parseMember() }
    ) throws(JSONError) -> JSONValue {
        self.skipWhiteSpace()
        let isObject = self.next == 0x7B
        let value = isObject ? try self.parseObject(depth: 1, member: member) : try self.parseValue(depth: 0)
        self.skipWhiteSpace()
        guard self.position == self.bytes.count else { throw self.error(.trailingBytes) }
        return value
    }

    /// Parses the value of a member of the outermost object.
    mutating func parseMember() throws(JSONError) -> JSONValue {
        try self.parseValue(depth: 1)
    }

    /// Goes past a text, if it comes next.
    ///
    /// What comes after it is parsed as if the text had been, so it should be a whole array or object from the same depth.
    mutating func take(_ text: [UInt8]) -> Bool {
        guard self.isNext(text) else { return false }
        self.position += text.count
        return true
    }

    /// Whether a text comes next.
    ///
    /// By spans, because a slice is compared through its iterator, which takes several times as long.
    private func isNext(_ text: [UInt8]) -> Bool {
        let (bytes, text) = (self.bytes.span, text.span)
        guard text.count <= bytes.count - self.position else { return false }
        return text.indices.allSatisfy { bytes[self.position + $0] == text[$0] }
    }

    /// The text from a place to the byte that comes next.
    func text(from start: Int) -> [UInt8] {
        Array(self.bytes[start..<self.position])
    }

    private mutating func parseValue(depth: Int) throws(JSONError) -> JSONValue {
        self.skipWhiteSpace()
        switch self.next {
        case nil: throw self.error(.unexpectedEnd)
        case .some(0x22): return .string(try self.parseString())
        case .some(0x7B):
            return try self.parseObject(depth: depth + 1) { parser, _ throws(JSONError) in
                try parser.parseValue(depth: depth + 1)
            }
        case .some(0x5B): return try self.parseArray(depth: depth + 1)
        case .some(0x74): return try self.parseWord("true", as: .bool(true))
        case .some(0x66): return try self.parseWord("false", as: .bool(false))
        case .some(0x6E): return try self.parseWord("null", as: .null)
        case .some(0x2D), .some(0x30...0x39): return try self.parseNumber()
        default: throw self.error(.unexpectedByte)
        }
    }

    // MARK: Arrays and objects

    private mutating func parseArray(depth: Int) throws(JSONError) -> JSONValue {
        try self.open(depth: depth)
        var elements: [JSONValue] = []
        if self.take(0x5D) {
            return .array(elements)
        }
        repeat {
            elements.append(try self.parseValue(depth: depth))
            self.skipWhiteSpace()
        } while self.take(0x2C)
        try self.expect(0x5D)
        return .array(elements)
    }

    private mutating func parseObject(depth: Int, member: MemberParser) throws(JSONError) -> JSONValue {
        try self.open(depth: depth)
        var object = JSONObject()
        if self.take(0x7D) {
            return .object(object)
        }
        repeat {
            self.skipWhiteSpace()
            guard self.next == 0x22 else { throw self.unexpected() }
            let key = try self.parseString()
            self.skipWhiteSpace()
            try self.expect(0x3A)
            self.skipWhiteSpace()
            object[key] = try member(&self, key)
            self.skipWhiteSpace()
        } while self.take(0x2C)
        try self.expect(0x7D)
        return .object(object)
    }

    private mutating func open(depth: Int) throws(JSONError) {
        guard depth <= self.maximumDepth else { throw self.error(.tooDeep) }
        self.position += 1
        self.skipWhiteSpace()
    }

    // MARK: Words and numbers

    private mutating func parseWord(_ word: String, as value: JSONValue) throws(JSONError) -> JSONValue {
        for byte in word.utf8 {
            try self.expect(byte)
        }
        return value
    }

    private mutating func parseNumber() throws(JSONError) -> JSONValue {
        let start = self.position
        let isNegative = self.take(0x2D)
        var integer: Int? = 0
        if !self.take(0x30) {
            guard let first = self.next, 0x31...0x39 ~= first else { throw self.unexpected() }
            while let digit = self.takeDigit() {
                // An integer that does not fit stays `nil`; its digits are read again as a double.
                integer = integer.flatMap { $0.appending(digit, isNegative: isNegative) }
            }
        }
        var isWhole = true
        if self.take(0x2E) {
            isWhole = false
            try self.skipDigits()
        }
        if self.take(0x65) || self.take(0x45) {
            isWhole = false
            _ = self.take(0x2B) || self.take(0x2D)
            try self.skipDigits()
        }
        if isWhole, let integer {
            return .integer(integer)
        }
        let text = String(decoding: self.bytes[start..<self.position], as: UTF8.self)
        guard let number = Double(text), number.isFinite else { throw JSONError(.numberOutOfRange, at: start) }
        return .number(number)
    }

    private mutating func takeDigit() -> Int? {
        guard let byte = self.next, 0x30...0x39 ~= byte else { return nil }
        self.position += 1
        return Int(byte - 0x30)
    }

    private mutating func skipDigits() throws(JSONError) {
        guard self.takeDigit() != nil else { throw self.unexpected() }
        while self.takeDigit() != nil {}
    }

    // MARK: Strings

    private mutating func parseString() throws(JSONError) -> String {
        self.position += 1
        let start = self.position
        var bits: UInt8 = 0
        while let byte = self.next, byte != 0x22, byte != 0x5C, byte >= 0x20 {
            bits |= byte
            self.position += 1
        }
        guard self.next != 0x22 else {
            let content = self.bytes[start..<self.position]
            self.position += 1
            // ASCII, as most strings are, needs no check, and the check takes longer than all the rest.
            return bits < 0x80 ? String(decoding: content, as: UTF8.self) : try self.decode(content, from: start)
        }
        return try self.parseEscapedString(from: start)
    }

    /// Parses the rest of a string, of which everything up to the current position stands for itself.
    private mutating func parseEscapedString(from start: Int) throws(JSONError) -> String {
        var content = Array(self.bytes[start..<self.position])
        while let byte = self.next {
            switch byte {
            case 0x22:
                self.position += 1
                return try self.decode(content[...], from: start)
            case 0x5C:
                self.position += 1
                content += Array(String(Character(try self.parseEscape())).utf8)
            case 0..<0x20:
                throw self.error(.controlCharacter)
            default:
                content.append(byte)
                self.position += 1
            }
        }
        throw self.error(.unexpectedEnd)
    }

    private mutating func parseEscape() throws(JSONError) -> Unicode.Scalar {
        guard let byte = self.next else { throw self.error(.unexpectedEnd) }
        let scalar: Unicode.Scalar
        switch byte {
        case 0x22, 0x5C, 0x2F: scalar = Unicode.Scalar(byte)
        case 0x62: scalar = "\u{8}"
        case 0x66: scalar = "\u{C}"
        case 0x6E: scalar = "\n"
        case 0x72: scalar = "\r"
        case 0x74: scalar = "\t"
        case 0x75:
            self.position += 1
            return try self.parseHexadecimalEscape()
        default: throw self.error(.invalidEscape)
        }
        self.position += 1
        return scalar
    }

    /// Parses what follows `\u`: one scalar, or a pair of surrogates.
    private mutating func parseHexadecimalEscape() throws(JSONError) -> Unicode.Scalar {
        let start = self.position - 2
        let first = try self.parseCodeUnit()
        if let scalar = Unicode.Scalar(first) {
            return scalar
        }
        guard UTF16.isLeadSurrogate(first), self.take(0x5C), self.take(0x75) else {
            throw JSONError(.loneSurrogate, at: start)
        }
        let second = try self.parseCodeUnit()
        guard UTF16.isTrailSurrogate(second) else { throw JSONError(.loneSurrogate, at: start) }
        return UTF16.decode(UTF16.EncodedScalar([first, second]))
    }

    private mutating func parseCodeUnit() throws(JSONError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = self.next else { throw self.error(.unexpectedEnd) }
            guard let digit = Unicode.Scalar(byte).hexadecimalValue else { throw self.error(.invalidEscape) }
            unit = unit << 4 | UInt16(digit)
            self.position += 1
        }
        return unit
    }

    private func decode(_ content: ArraySlice<UInt8>, from start: Int) throws(JSONError) -> String {
        guard let string = String(validating: content, as: UTF8.self) else { throw JSONError(.invalidUTF8, at: start) }
        return string
    }

    // MARK: Bytes

    private var next: UInt8? {
        self.position < self.bytes.count ? self.bytes[self.position] : nil
    }

    private mutating func skipWhiteSpace() {
        while let byte = self.next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            self.position += 1
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard self.next == byte else { return false }
        self.position += 1
        return true
    }

    private mutating func expect(_ byte: UInt8) throws(JSONError) {
        guard self.take(byte) else { throw self.unexpected() }
    }

    private func unexpected() -> JSONError {
        self.error(self.next == nil ? .unexpectedEnd : .unexpectedByte)
    }

    private func error(_ reason: JSONError.Reason) -> JSONError {
        JSONError(reason, at: self.position)
    }
}

extension Int {
    /// The number with one more decimal digit, away from zero, or `nil` where it does not fit.
    fileprivate func appending(_ digit: Int, isNegative: Bool) -> Int? {
        let (product, overflow) = self.multipliedReportingOverflow(by: 10)
        let (sum, carry) = product.addingReportingOverflow(isNegative ? -digit : digit)
        return overflow || carry ? nil : sum
    }
}
