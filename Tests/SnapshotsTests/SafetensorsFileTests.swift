import Snapshots
import Testing

@Suite struct SafetensorsFileTests {
    @Test func theLayoutIsThatOfTheFormat() {
        let file = SafetensorsFile(
            tensors: [
                SafetensorsFile.Tensor(name: "b", elementType: .uint8, shape: [3], bytes: [7, 8, 9]),
                SafetensorsFile.Tensor(name: "a", elementType: .float64, shape: [1], bytes: bytes([1])[...]),
            ],
            metadata: [("k", "v\"")]
        )
        let header =
            #"{"__metadata__":{"k":"v\""},"b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]},"#
            + #""a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}"#
        let padding = (8 - header.utf8.count % 8) % 8
        let length = UInt8(header.utf8.count + padding)
        let expected =
            [length, 0, 0, 0, 0, 0, 0, 0] + Array(header.utf8) + Array(repeating: 0x20, count: padding) + bytes([1]) + [
                7, 8, 9,
            ]
        #expect(file.encoded() == expected)
    }

    /// As the reference implementation 0.5 writes `{"w": [[1, 2]] as F16, "s": 3 as U8}` with the metadata `{"format": "np"}`.
    @Test func aFileOfTheReferenceImplementationIsRead() throws {
        let header =
            #"{"__metadata__":{"format":"np"},"w":{"dtype":"F16","shape":[1,2],"data_offsets":[0,4]},"#
            + #""s":{"dtype":"U8","shape":[],"data_offsets":[4,5]}}"#
        let file = try SafetensorsFile(parsing: encoded(header, [0, 0x3C, 0, 0x40, 3]))
        #expect(file.metadata.map(\.key) == ["format"])
        #expect(file["w"].map { Array($0.bytes) } == [0, 0x3C, 0, 0x40])
        #expect(file["w"]?.elementType == .float16)
        #expect(file["s"]?.shape == [])
        #expect(file["s"].map { Array($0.bytes) } == [3])
        #expect(file["none"] == nil)
    }

    @Test(arguments: SafetensorsElementType.allCases)
    func everyTypeIsReadBack(elementType: SafetensorsElementType) throws {
        let shape = [2, 0, 3]
        let values = [UInt8](repeating: 5, count: 6 * elementType.byteCount)
        let file = SafetensorsFile(tensors: [
            SafetensorsFile.Tensor(name: "empty", elementType: elementType, shape: shape, bytes: []),
            SafetensorsFile.Tensor(name: "odd", elementType: .uint8, shape: [1], bytes: [1]),
            SafetensorsFile.Tensor(name: "層", elementType: elementType, shape: [2, 3], bytes: values[...]),
        ])
        let copy = try SafetensorsFile(parsing: file.encoded())
        #expect(copy.tensors == file.tensors)
    }

    @Test func aFileWithoutTensorsIsReadBack() throws {
        let copy = try SafetensorsFile(parsing: SafetensorsFile(tensors: []).encoded())
        #expect(copy.tensors.isEmpty && copy.metadata.isEmpty)
    }

    @Test(
        arguments: [
            // The length.
            ("", nil), ("{", nil),
            // The header.
            ("[]", []), ("{}", [1]), (" {}", []), ("{\"a\":1}", []), ("{\"__metadata__\":[]}", []),
            ("{\"__metadata__\":{\"k\":1}}", []), ("{}x", []), ("{\"a\"", []),
            // A tensor.
            (tensor("U9", "[1]", "[0,1]"), [1]), (tensor("U8", "1", "[0,1]"), [1]),
            (tensor("U8", "[-1]", "[0,1]"), [1]),
            (tensor("U8", "[1.5]", "[0,1]"), [1]), (tensor("U8", "[1]", "[0]"), [1]),
            (tensor("U8", "[1]", "[1,0]"), [1]),
            (tensor("U8", "[1]", "[0,2]"), [1]), (tensor("U8", "[2]", "[0,1]"), [1]),
            (tensor("F64", "[1]", "[0,1]"), [1]),
            (tensor("U8", "[4611686018427387904,4]", "[0,0]"), []), (tensor("U8", "[]", "[0,0]"), []),
            (tensor("U8", "[1]", "[0,9223372036854775807]"), [1]), (tensor("U8", "[1]", "[-1,0]"), [1]),
            // The coverage: a gap before, a gap behind, an overlap.
            (tensor("U8", "[1]", "[1,2]"), [1, 2]), (tensor("U8", "[1]", "[0,1]"), [1, 2]),
            (
                #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}"#,
                [1, 2, 3]
            ),
        ] as [(String, [UInt8]?)]
    )
    func whatTheFormatForbidsIsRefused(header: String, data: [UInt8]?) {
        let file = data.map { encoded(header, $0) } ?? Array(header.utf8)
        #expect(throws: SafetensorsError.self) { try SafetensorsFile(parsing: file) }
    }

    @Test(arguments: [UInt64.max, 1 << 63, 100_000_001, 3])
    func aHeaderLongerThanTheFileIsRefused(length: UInt64) {
        let file = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) } + Array("{}".utf8)
        #expect(throws: SafetensorsError.headerLength) { try SafetensorsFile(parsing: file) }
    }

    /// Whatever bytes are changed, the reader answers with a file or an error.
    @Test func damagedFilesNeverTrap() {
        let file = SafetensorsFile(
            tensors: [
                SafetensorsFile.Tensor(
                    name: "a",
                    elementType: .float32,
                    shape: [2, 1],
                    bytes: [1, 2, 3, 4, 5, 6, 7, 8]
                ),
                SafetensorsFile.Tensor(name: "b", elementType: .uint8, shape: [], bytes: [9]),
            ],
            metadata: [("layers", "[]")]
        ).encoded()
        var generator = LinearCongruentialGenerator(state: 7)
        var acceptedCount = 0
        for _ in 0..<20_000 {
            var damaged = file
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let index = Int.random(in: 0..<damaged.count, using: &generator)
                damaged[index] = Bool.random(using: &generator) ? .random(in: 0...255, using: &generator) : 0x39
            }
            damaged.removeLast(Int.random(in: 0...10, using: &generator) / 10)
            if (try? SafetensorsFile(parsing: damaged)) != nil {
                acceptedCount += 1
            }
        }
        #expect(acceptedCount > 0 && acceptedCount < 20_000)
    }

    @Test func aTensorOfAnotherLengthTraps() async {
        await #expect(processExitsWith: .failure) {
            _ = SafetensorsFile.Tensor(name: "a", elementType: .float32, shape: [2], bytes: [1, 2, 3])
        }
    }
}

/// A header of one tensor, `a`.
private func tensor(_ elementType: String, _ shape: String, _ offsets: String) -> String {
    #"{"a":{"dtype":"\#(elementType)","shape":\#(shape),"data_offsets":\#(offsets)}}"#
}

/// A file of a header and data, whether they fit or not.
private func encoded(_ header: String, _ data: [UInt8]) -> [UInt8] {
    let length = UInt64(header.utf8.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) } + Array(header.utf8) + data
}

/// Numbers that are the same in every run.
private struct LinearCongruentialGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state = self.state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return self.state ^ (self.state >> 33)
    }
}
