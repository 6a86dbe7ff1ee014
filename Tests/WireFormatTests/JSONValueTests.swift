import Testing
import WireFormat

@Suite("JSON values")
struct JSONValueTests {
    @Test(
        arguments: [
            (.null, "null"), (true, "true"), (-5, "-5"), (5.0, "5.0"), (.number(1e300), "1e+300"), (0.1, "0.1"),
            (.number(.nan), "null"), (.number(.infinity), "null"), (.number(-.infinity), "null"),
            ("a\"\\/\n\r\t\u{1}\u{1F}é😀", #""a\"\\/\n\r\t\u0001\u001fé😀""#), ([1, [], [:]], "[1,[],{}]"),
            (["b": 1, "a": [.null]], #"{"b":1,"a":[null]}"#),
        ] as [(JSONValue, String)]
    )
    func valueIsWritten(value: JSONValue, text: String) {
        #expect(value.text == text)
        #expect(value.encoded() == Array(text.utf8))
    }

    @Test(arguments: 1...200)
    func whatIsWrittenIsReadAgain(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        let value = JSONValue.random(depth: 5, using: &generator)
        #expect(try parse(value.encoded()) == value)
    }

    @Test(
        arguments: [
            (5, 5), (5.0, 5), (-0.0, 0), (5000.0, 5000), (.integer(.min), .min), (5.5, nil), (.number(1e300), nil),
            (.number(.nan), nil), (true, nil), ("5", nil), (.null, nil), ([5], nil),
        ] as [(JSONValue, Int?)]
    )
    func integersAreExact(value: JSONValue, integer: Int?) {
        #expect(value.exactInteger == integer)
    }
}

@Suite("JSON objects")
struct JSONObjectTests {
    @Test func membersKeepTheirOrder() {
        var object: JSONObject = ["c": 1, "a": 2, "b": 3]
        object["a"] = 4
        object["d"] = 5
        #expect(object.map(\.key) == ["c", "a", "b", "d"])
        #expect(object.map(\.value) == [1, 4, 3, 5])
    }

    @Test func equalityIgnoresOrder() {
        let one: JSONObject = ["a": 1, "b": 2]
        let other: JSONObject = ["b": 2, "a": 1]
        #expect(one == other)
        #expect(one.hashValue == other.hashValue)
        #expect(one != ["a": 1])
        #expect(one != ["a": 1, "c": 2])
        #expect(one != ["a": 1, "b": 3])
    }

    /// A dictionary and a list of keys are the oracle, on both sides of the size at which an index is kept.
    @Test(arguments: [5, 16, 17, 18, 100])
    func behavesAsAnOrderedDictionary(keyCount: Int) {
        var generator = SplitMix64(seed: UInt64(keyCount))
        var object = JSONObject()
        var order: [String] = []
        var values: [String: JSONValue] = [:]
        for step in 0..<1000 {
            let key = "key \(Int.random(in: 0..<keyCount, using: &generator))"
            let isRemoval = Int.random(in: 0..<4, using: &generator) == 0
            let value: JSONValue? = isRemoval ? nil : .integer(step)
            object[key] = value
            if isRemoval {
                order.removeAll { $0 == key }
            } else if values[key] == nil {
                order.append(key)
            }
            values[key] = value
            #expect(object[key] == value)
        }
        #expect(object.map(\.key) == order)
        #expect(object.map(\.value) == order.map { values[$0] })
        #expect(object["no such key"] == nil)
    }
}
