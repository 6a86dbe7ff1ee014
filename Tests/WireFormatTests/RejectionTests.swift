import Testing
import WireFormat

@Suite("Rejecting batches")
struct RejectionTests {
    private static let longName = String(repeating: "x", count: 257)
    private static let huge = JSONValue.integer(1 << 53 + 1)

    @Test func reasonsAreInTheContractsOrder() {
        let names = [
            "malformed", "version", "inconsistent", "duplicate", "too_large", "dtype", "shape", "size",
            "too_few_examples", "over_budget", "non_finite", "incomplete",
        ]
        #expect(RejectionReason.allCases.map(\.rawValue) == names)
        #expect(RejectionReason.allCases.shuffled().sorted() == RejectionReason.allCases)
        #expect(!(RejectionReason.size < .size))
    }

    @Test(
        arguments: [
            ["v": nil], ["v": "1"], ["v": true], ["v": 1.5], ["v": .null], ["type": nil], ["type": 1],
            ["type": "tensor"],
            ["run": nil], ["run": 1], ["step": nil], ["step": "1"], ["step": -1], ["step": 1.5], ["step": true],
            ["step": huge], ["step": 1e300], ["session": "x"], ["session": 1], ["seq": -1], ["seq": huge], ["seq": "7"],
            ["dropped": -1], ["dropped": false], ["layers": 2], ["layers": 4], ["layers": "3"], ["layers": huge],
            ["part": 0], ["parts": 2], ["part": 2, "parts": 2], ["part": -1, "parts": 2], ["part": 0, "parts": 0],
            ["part": 0, "parts": 2, "session": nil], ["part": 0, "parts": 2, "seq": nil],
            ["part": 0, "parts": 2, "layers": 2], ["batch": -1], ["batch": 3, "batches": 3], ["batches": 0],
            ["probe": ""],
            ["probe": 1], ["probe": .string(longName)], ["examples": [1]], ["examples": 8],
            ["examples": [1, 2, 3, 4, 5, 6, 7, .null]], ["labels": [1, 2, 3, 4, 5, 6, 7, 1.5]],
            ["labels": [1, 2, 3, 4, 5, 6, 7, "8"]], ["labels": [1, 2, 3, 4, 5, 6, 7, huge]], ["labels": []],
            ["predictions": [1, 2, 3, 4, 5, 6, 7]], ["rank": -1], ["rank": 2, "world": 2], ["world": 0],
            ["time": "now"],
            ["time": 1e16], ["phase": "test"], ["phase": 1], ["tensors": nil], ["tensors": []], ["tensors": 3],
            ["tensors": [:]], ["tensors": [1]],
        ] as [[String: JSONValue?]]
    )
    func badMemberIsMalformed(members: [String: JSONValue?]) {
        #expect(Specimen.batch.with(members).rejection?.reason == .malformed)
    }

    @Test(
        arguments: [
            ("layer", nil), ("layer", 1), ("layer", ""), ("layer", "b"), ("layer", "a\u{1B}[2J"), ("layer", "a\u{7F}"),
            ("layer", "a\u{85}"), ("layer", .string(longName)), ("dtype", nil), ("dtype", 32), ("shape", nil),
            ("shape", 8), ("shape", "8x16"), ("shape", [8, huge]), ("shape", [8, 1e300]), ("shape", [-1e300]),
            ("kind", "kernel"), ("kind", 1), ("packed", 1), ("packed", "true"), ("packed", true), ("index", -1),
            ("index", 1.5), ("index", "0"), ("index", huge),
        ] as [(String, JSONValue?)]
    )
    func badMemberOfATensorIsMalformed(key: String, value: JSONValue?) {
        #expect(Specimen.batch.withTensor(key, value).rejection?.reason == .malformed)
    }

    @Test func equalIndicesAreMalformed() {
        let specimen = Specimen.batch.with {
            $0[tensor: 0, "index"] = 4
            $0[tensor: 2, "index"] = 4
        }
        #expect(specimen.rejection?.reason == .malformed)
    }

    @Test(arguments: ["", "[]", "1", "null", "{", "{}", "{\"v\":1}", "\u{FEFF}{}", #"{"v":1,"x":NaN}"#])
    func headerThatIsNoGoodObjectIsMalformed(text: String) {
        let rejection = decodeMessage(header: Array(text.utf8)).rejection
        #expect(rejection?.reason == .malformed)
        #expect(rejection?.isBatch == true)
        #expect(rejection?.session == nil)
        #expect(rejection?.seq == nil)
    }

    @Test(arguments: [
        "", "livecka/1/r", "livecka/1//", "livecka/2/r/", "livecka/1/r/x", "livecka/1/r//", "Livecka/1/r/", "r",
        "livecka/1/r s/", "livecka/1/.r/", "livecka/1/" + String(repeating: "r", count: 129) + "/",
        "livecka/1/" + String(repeating: "r", count: 10_000) + "/",
    ])
    func topicThatIsNotARunsIsMalformedAndNamesNoRun(topic: String) {
        let message = Specimen.batch.with { $0.topic = topic }.decode()
        #expect(message.run == nil)
        #expect(message.rejection?.reason == .malformed)
    }

    @Test func topicWithTheLongestNameIsRead() {
        let name = String(repeating: "r", count: 128)
        let message = Specimen.batch.with { $0.topic = "livecka/1/\(name)/" }.with(["run": .string(name)]).decode()
        #expect(message.run?.name == name)
        #expect(message.rejection == nil)
    }

    @Test(arguments: [0, 2, -1, 1 << 53])
    func anotherVersionIsSaidSo(version: Int) {
        #expect(Specimen.batch.with(["v": .integer(version)]).rejection?.reason == .version)
        #expect(Specimen.batch.with(["v": .integer(version), "type": "more"]).rejection?.reason == .version)
    }

    @Test func anotherRunThanTheTopicsIsInconsistent() {
        let message = Specimen.batch.with(["run": "other"]).decode()
        #expect(message.rejection?.reason == .inconsistent)
        #expect(message.run?.name == "r")
    }

    @Test(arguments: [[9, 16], [3, 16], [9]] as [JSONValue])
    func layersWithDifferentExamplesAreInconsistent(shape: JSONValue) {
        #expect(Specimen.batch.withTensor("shape", shape).rejection?.reason == .inconsistent)
    }

    @Test func whatIsOverALimitIsTooLarge() {
        func reason(_ change: (inout WireLimits) -> Void) -> RejectionReason? {
            Specimen.batch.with { change(&$0.limits) }.rejection?.reason
        }
        #expect(reason { $0.layers = 3 } == nil)
        #expect(reason { $0.layers = 2 } == .tooLarge)
        #expect(reason { $0.examples = 8 } == nil)
        #expect(reason { $0.examples = 7 } == .tooLarge)
        #expect(reason { $0.messageBytes = 1120 } == nil)
        #expect(reason { $0.messageBytes = 1119 } == .tooLarge)
        #expect(reason { $0.headerBytes = 100 } == .tooLarge)
        #expect(Specimen.batch.with(["part": 0, "parts": 4097]).rejection?.reason == .tooLarge)
        #expect(Specimen.batch.with(["part": 0, "parts": 2, "layers": 4097]).rejection?.reason == .tooLarge)
        #expect(Specimen.batch.withTensor("shape", [8, 40_000_000]).rejection?.reason == .tooLarge)
        #expect(Specimen.batch.with { $0.frameSizes = [.max, .max, .max] }.rejection?.reason == .tooLarge)
    }

    @Test(arguments: ["", "f32", "F8", "I32", "float32", "F32 "])
    func anUnknownElementTypeIsSaidSo(name: String) {
        #expect(Specimen.batch.withTensor("dtype", .string(name)).rejection?.reason == .dtype)
    }

    @Test(
        arguments: [
            [], [0], [8, 0], [8, -1], [8, 1.5], [8, "16"], [8, .null], [8, true], [8, [16]], ["8"],
            [8, .integer(1 << 53), .integer(1 << 53)], [8, .integer(1 << 40), .integer(1 << 18)],
        ] as [JSONValue]
    )
    func aShapeThatMakesNoSenseIsSaidSo(shape: JSONValue) {
        #expect(Specimen.batch.withTensor("shape", shape).rejection?.reason == .shape)
    }

    @Test(
        arguments: [([8], false), ([8, 9], false), ([8, 8, 1], false), ([35], true), ([6, 6], true)]
            as [(JSONValue, Bool)]
    )
    func aGramMatrixOfAnotherShapeIsSaidSo(shape: JSONValue, isPacked: Bool) {
        let specimen = Specimen.batch.with {
            $0[tensor: 2, "packed"] = .bool(isPacked)
            $0[tensor: 2, "shape"] = shape
        }
        #expect(specimen.rejection?.reason == .shape)
    }

    @Test(arguments: [
        [], [512, 96], [512, 96, 512, 0], [512, 96, 511], [96, 512, 512], [0, 0, 0],
    ])
    func framesThatDoNotFitAreSaidSo(frameSizes: [Int]) {
        #expect(Specimen.batch.with { $0.frameSizes = frameSizes }.rejection?.reason == .size)
    }

    @Test(arguments: [1, 2, 3])
    func fewerThanFourExamplesAreTooFew(exampleCount: Int) {
        let specimen = Specimen.batch.with { $0.frameSizes = [4 * exampleCount] }
            .with(["tensors": [["layer": "a", "dtype": "F32", "shape": [.integer(exampleCount)]]]])
        #expect(specimen.rejection?.reason == .tooFewExamples)
    }
}
