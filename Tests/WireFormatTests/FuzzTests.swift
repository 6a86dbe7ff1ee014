import LinearAlgebra
import Testing
import WireFormat

/// Whatever bytes come, a message is either rejected or says what its frames hold.
@Suite("Fuzzing")
struct FuzzTests {
    private static let specimens = [
        Specimen.batch, .hello, .alive, .bye,
        Specimen.batch.with([
            "part": 1, "parts": 2, "layers": 5, "batch": 0, "batches": 4, "probe": "p", "rank": 0, "world": 1,
            "labels": [1, 2, 3, 4, 5, 6, 7, 8], "examples": ["a", 2, 3, 4, 5, 6, 7, 8], "time": 1.7e9, "phase": "eval",
        ]),
    ]

    /// Pieces of text that are likely to hurt.
    private static let pieces: [[UInt8]] = [
        "null", "-1", "0", "1e400", "9007199254740993", "9223372036854775808", "[]", "{}", "[[[[", "\"\"", "\\u0000",
        "\\ud800", "true", "\"F16\"", "1.5", "\"gram\"", ",", ":", "\"", "\"packed\":true,", "\"shape\":[0],", "\u{0}",
    ].map { Array($0.utf8) }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func spoiltBytesDoNoHarm(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        for _ in 0..<500 {
            let specimen = Self.specimens.randomElement(using: &generator) ?? .batch
            var header = JSONValue.object(specimen.header).encoded()
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                Self.spoil(&header, using: &generator)
            }
            self.check(header, frameSizes: specimen.frameSizes)
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func spoiltMembersDoNoHarm(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        for _ in 0..<300 {
            let specimen = Self.specimens.randomElement(using: &generator) ?? .batch
            var value = JSONValue.object(specimen.header)
            value.replaceSomething(using: &generator)
            var frameSizes = specimen.frameSizes
            if Int.random(in: 0..<8, using: &generator) == 0 {
                frameSizes.append(.random(in: 0 ... .max, using: &generator))
            }
            self.check(value.encoded(), frameSizes: frameSizes)
        }
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func randomBytesAreRejected(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        for _ in 0..<1000 {
            let count = Int.random(in: 0..<64, using: &generator)
            let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            #expect(decodeMessage(header: bytes).rejection?.reason == .malformed)
            let message = decodeMessage(topic: bytes, header: bytes, frameSizes: [], limits: WireLimits())
            #expect(message.run == nil)
            #expect(throws: ControlRequestError.self) { try readRequest(bytes) }
        }
    }

    @Test(arguments: [0, 1, 2, 3, 4])
    func everyTruncationIsMalformed(index: Int) {
        let header = JSONValue.object(Self.specimens[index].header).encoded()
        for count in header.indices {
            #expect(decodeMessage(header: Array(header.prefix(count))).rejection?.reason == .malformed)
        }
    }

    /// A decoder that has met the lists of the specimens.
    private static let experienced: MessageDecoder = {
        var decoder = MessageDecoder()
        for specimen in Self.specimens {
            let header = JSONValue.object(specimen.header).encoded()
            _ = decoder.decode(topic: Array("livecka/1/r/".utf8), header: header, frameSizes: specimen.frameSizes)
        }
        return decoder
    }()

    private func check(_ header: [UInt8], frameSizes: [Int]) {
        let message = decodeMessage(header: header, frameSizes: frameSizes, by: Self.experienced)
        #expect(message.run?.name == "r")
        switch message.content {
        case .batch(let batch):
            let layers = batch.tensors.map(\.layer)
            #expect(batch.tensors.map(\.byteCount) == frameSizes)
            #expect(batch.tensors.allSatisfy { $0.exampleCount == batch.exampleCount && $0.isConsistent })
            #expect(4...4096 ~= batch.exampleCount)
            #expect(Set(layers).count == layers.count)
            #expect(layers.allSatisfy { 1...256 ~= $0.utf8.count })
            #expect(batch.part < batch.partCount)
            #expect(batch.partCount == 1 || batch.session != nil && batch.seq != nil)
            for count in [batch.examples?.count, batch.labels?.count, batch.predictions?.count] {
                #expect(count == nil || count == batch.exampleCount)
            }
        case .hello(let hello): #expect(hello.run == message.run)
        case .alive(let alive): #expect(alive.run == message.run)
        case .bye(let bye): #expect(bye.run == message.run)
        case .rejected(let rejection):
            #expect(!rejection.detail.isEmpty)
            #expect(rejection.detail.count < 400)
        }
    }

    private static func spoil(_ bytes: inout [UInt8], using generator: inout SplitMix64) {
        guard !bytes.isEmpty else { return }
        let position = Int.random(in: bytes.indices, using: &generator)
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: bytes[position] = .random(in: .min ... .max, using: &generator)
        case 1: bytes.removeSubrange(position..<min(bytes.count, position + 4))
        case 2: bytes.insert(contentsOf: self.pieces.randomElement(using: &generator) ?? [], at: position)
        case 3: bytes.replaceSubrange(position..<bytes.count, with: bytes[..<position])
        default: bytes[position] = UInt8(ascii: "0") + .random(in: 0..<10, using: &generator)
        }
    }
}

extension TensorDescription {
    /// Whether the frame's length follows from the rest.
    fileprivate var isConsistent: Bool {
        let elementCount =
            switch self.payload {
            case .activations(let featureCount): self.exampleCount * featureCount
            case .gram(isPacked: false): self.exampleCount * self.exampleCount
            case .gram(isPacked: true): self.exampleCount * (self.exampleCount + 1) / 2
            }
        return self.byteCount == elementCount * self.elementType.byteCount
    }
}

extension JSONValue {
    /// Replaces a random value inside this one with a random one.
    fileprivate mutating func replaceSomething(using generator: inout SplitMix64) {
        switch self {
        case .array(var elements) where !elements.isEmpty:
            let index = Int.random(in: elements.indices, using: &generator)
            elements[index].replaceSomething(using: &generator)
            self = .array(elements)
        case .object(var object) where !object.isEmpty:
            let key = object[Int.random(in: object.indices, using: &generator)].key
            object[key]?.replaceSomething(using: &generator)
            self = .object(object)
        case .integer(let integer) where Bool.random(using: &generator):
            self = .integer(integer + .random(in: -2...2, using: &generator))
        default:
            self = .random(depth: 2, using: &generator)
        }
    }
}
