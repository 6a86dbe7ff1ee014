import Testing
import WireFormat

@Suite("Parsing JSON")
struct JSONParsingTests {
    @Test(
        arguments: [
            ("null", .null), ("true", true), ("false", false), (" \t\r\n1 ", 1),
            ("0", 0), ("-0", 0), ("-12", -12), ("9007199254740993", 9_007_199_254_740_993),
            ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .number(9_223_372_036_854_775_808)), ("5.0", 5.0), ("5e3", 5000.0),
            ("5E+3", 5000.0),
            ("-0.0", .number(-0.0)), ("1e-400", 0.0), ("0.1", 0.1), ("1.7976931348623157e308", 1.7976931348623157e308),
            (#""""#, ""), (#""é😀""#, "é😀"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
            (#""\u0041\u00e9\uD83D\uDE00\u0000""#, "Aé😀\0"), (#""plain \n then plain""#, "plain \n then plain"),
            ("\"\u{7F}\"", "\u{7F}"), ("[]", []), ("[ 1 , [2] , {} ]", [1, [2], [:]]), ("{}", [:]),
            (#"{ "a" : 1 , "b":{"c":[null]} }"#, ["a": 1, "b": ["c": [.null]]]),
        ] as [(String, JSONValue)]
    )
    func validTextIsRead(text: String, value: JSONValue) throws {
        #expect(try parse(text) == value)
    }

    @Test(
        arguments: [
            ("", .unexpectedEnd), ("   ", .unexpectedEnd), ("tru", .unexpectedEnd), ("trux", .unexpectedByte),
            ("True", .unexpectedByte), ("nul", .unexpectedEnd), ("NaN", .unexpectedByte), ("Infinity", .unexpectedByte),
            ("-Infinity", .unexpectedByte), ("-", .unexpectedEnd), ("+1", .unexpectedByte), ("01", .trailingBytes),
            ("-01", .trailingBytes), ("1.", .unexpectedEnd), (".5", .unexpectedByte), ("1.e3", .unexpectedByte),
            ("1e", .unexpectedEnd), ("1e+", .unexpectedEnd), ("0x10", .trailingBytes), ("1_000", .trailingBytes),
            ("1e400", .numberOutOfRange), ("-1e400", .numberOutOfRange),
            ("[", .unexpectedEnd), ("[1", .unexpectedEnd), ("[1,", .unexpectedEnd), ("[1,]", .unexpectedByte),
            ("[,1]", .unexpectedByte), ("[1 2]", .unexpectedByte), ("[1}", .unexpectedByte), ("]", .unexpectedByte),
            ("{", .unexpectedEnd), (#"{"a""#, .unexpectedEnd), (#"{"a":"#, .unexpectedEnd),
            (#"{"a":1,}"#, .unexpectedByte),
            (#"{"a" 1}"#, .unexpectedByte), ("{a:1}", .unexpectedByte), ("{1:1}", .unexpectedByte),
            ("'a'", .unexpectedByte), (#""a"#, .unexpectedEnd), (#""\"#, .unexpectedEnd), (#""\x""#, .invalidEscape),
            (#""\u12"#, .unexpectedEnd), (#""\u12G4""#, .invalidEscape), (#""\uD800""#, .loneSurrogate),
            (#""\uDC00""#, .loneSurrogate), (#""\uD800\uD800""#, .loneSurrogate), (#""\uD800A""#, .loneSurrogate),
            ("\"\n\"", .controlCharacter), ("\"\\n\t\"", .controlCharacter), ("\"\0\"", .controlCharacter),
            ("1 1", .trailingBytes), ("{}{}", .trailingBytes), ("// 1\n1", .unexpectedByte),
            ("\u{FEFF}1", .unexpectedByte),
        ] as [(String, JSONError.Reason)]
    )
    func invalidTextIsRefused(text: String, reason: JSONError.Reason) {
        #expect(fault(text) == reason)
    }

    @Test(
        arguments: [
            [0xFF], [0x80], [0xC3], [0xC0, 0x80], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
            [0xF8, 0x88, 0x80, 0x80, 0x80],
        ] as [[UInt8]]
    )
    func stringsThatAreNotUTF8AreRefused(bytes: [UInt8]) {
        #expect(fault([0x22] + bytes + [0x22]) == .invalidUTF8)
        #expect(fault([0x22, 0x5C, 0x6E] + bytes + [0x22]) == .invalidUTF8)
        #expect(fault(bytes) == .unexpectedByte)
    }

    @Test func errorSaysWhere() {
        #expect(throws: JSONError(.unexpectedByte, at: 7)) { try parse(#"{"a":1 x}"#) }
        #expect("\(JSONError(.tooDeep, at: 64))" == "nested too deep, at byte 64")
    }

    @Test func ofRepeatedKeysTheLastCounts() throws {
        #expect(try parse(#"{"a":1,"b":2,"a":3}"#) == ["a": 3, "b": 2])
    }

    @Test func depthIsBounded() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(throws: Never.self) { try parse(nested(64)) }
        #expect(throws: JSONError(.tooDeep, at: 64)) { try parse(nested(65)) }
        #expect(throws: JSONError(.tooDeep, at: 2)) { try parse("[[[]]]", maximumDepth: 2) }
        #expect(throws: JSONError(.tooDeep, at: 0)) { try parse("{}", maximumDepth: 0) }
    }

    @Test(arguments: ["[", "{\"a\":", "[{\"a\":", "[[],"])
    func nestingBombsAreDefused(unit: String) {
        let bomb = String(repeating: unit, count: (1 << 20) / unit.utf8.count)
        #expect(fault(bomb) != nil)
    }

    /// Anything quadratic would take hours here.
    @Test(.timeLimit(.minutes(1)))
    func aMebibyteOfAnythingIsReadInLinearTime() throws {
        let keys = "{" + (0..<80_000).map { "\"\($0)\":\($0)" }.joined(separator: ",") + "}"
        guard case .object(let object) = try parse(keys) else {
            Issue.record("An object was read as something else")
            return
        }
        #expect(object.count == 80_000)
        #expect(object["79999"] == 79_999)

        let sameKey = "{" + String(repeating: "\"a\":0,", count: 170_000) + "\"a\":1}"
        #expect(try parse(sameKey) == ["a": 1])
        #expect(fault("[" + String(repeating: "1,", count: 500_000) + "1]") == nil)
        #expect(fault("\"" + String(repeating: "\\n", count: 500_000) + "\"") == nil)
        #expect(fault(String(repeating: "7", count: 1 << 20)) == .numberOutOfRange)
        #expect(fault("0." + String(repeating: "7", count: 1 << 20)) == nil)
        #expect(fault("\"" + String(repeating: "a", count: 1 << 20)) == .unexpectedEnd)
        #expect(fault(String(repeating: " ", count: 1 << 20)) == .unexpectedEnd)
    }
}
