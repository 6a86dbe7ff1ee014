import LinearAlgebra
import Testing

@testable import WireFormat

/// A decoder that has met lists of tensors before; what it makes of a message alone, all other tests of decoding ask.
@Suite("MessageDecoder")
struct MessageDecoderTests {
    private static let known = #"[{"layer":"a","dtype":"F32","shape":[4,1]}]"#
    private static let other = #"[{"layer":"b","dtype":"F64","shape":[5,1]}]"#

    /// A decoder that has met ``known``.
    private var decoder: MessageDecoder {
        get throws {
            var decoder = MessageDecoder()
            let message = decoder.decode(header: Self.header(#""tensors":\#(Self.known)"#), frameSizes: [16])
            #expect(try #require(message.batch).tensors.map(\.layer) == ["a"])
            return decoder
        }
    }

    private static func header(_ members: String) -> String {
        #"{"v":1,"type":"batch","run":"r","step":0,\#(members)}"#
    }

    @Test func knownListIsJudgedByTheFramesAndLimitsOfEachMessage() throws {
        var decoder = try self.decoder
        let header = Self.header(#""tensors":\#(Self.known)"#)
        #expect(decoder.decode(header: header, frameSizes: [20]).rejection?.reason == .size)
        #expect(decoder.decode(header: header, frameSizes: []).rejection?.reason == .size)
        var limits = WireLimits()
        limits.examples = 3
        #expect(decoder.decode(header: header, frameSizes: [16], limits: limits).rejection?.reason == .tooLarge)
        #expect(decoder.decode(header: header, frameSizes: [16]).batch?.tensors.map(\.byteCount) == [16])
    }

    @Test(
        arguments: [
            (#""tensors":\#(Self.other),"tensors":\#(Self.known)"#, ["a"], 16),
            (#""tensors":\#(Self.known),"tensors":\#(Self.other)"#, ["b"], 40),
            (#""tensors":\#(Self.known),"tensors":\#(Self.known)"#, ["a"], 16),
        ]
    )
    func lastOfSeveralListsCounts(members: String, layers: [String], frameSize: Int) throws {
        var decoder = try self.decoder
        let message = decoder.decode(header: Self.header(members), frameSizes: [frameSize])
        #expect(message.batch?.tensors.map(\.layer) == layers)
    }

    @Test(
        arguments: [
            #""tensors":\#(Self.known)]"#,
            #""tensors":\#(Self.known)\#(Self.known)"#,
            #""tensors":\#(Self.known)"x":1"#,
            #""tensors":\#(Self.known.dropLast())"#,
            #""tensors":\#(Self.known),"tensors":null"#,
            #""tensors":\#(Self.known),"tensors":[]"#,
            #""extra":{"tensors":\#(Self.known)}"#,
        ]
    )
    func knownTextMakesNothingGoodThatIsMalformed(members: String) throws {
        var decoder = try self.decoder
        let message = decoder.decode(header: Self.header(members), frameSizes: [16])
        #expect(message.rejection?.reason == .malformed)
    }

    @Test func layerThatIsRefusedOnceIsRefusedAgain() {
        var decoder = MessageDecoder()
        for (tensors, reason) in [
            (#"[{"layer":"a","dtype":"F32","shape":[4,1]},{"layer":"a","dtype":"F32","shape":[4,1]}]"#, .malformed),
            (#"[{"layer":"a","dtype":"F31","shape":[4,1]}]"#, .dtype),
            (#"[{"layer":"a","dtype":"F32","shape":[4,0]}]"#, .shape),
        ] as [(String, RejectionReason)] {
            for _ in 0..<2 {
                let message = decoder.decode(header: Self.header(#""tensors":\#(tensors)"#), frameSizes: [16, 16])
                #expect(message.rejection?.reason == reason)
            }
        }
    }

    @Test func listsOfManyRunsAndPartsAreToldApart() {
        var decoder = MessageDecoder()
        for _ in 0..<3 {
            for list in 0..<2 * RecentTensorLists.capacity {
                // Each text is the beginning of the next but for its end.
                let layers = (0...list).map { #"{"layer":"\#($0)","dtype":"F32","shape":[4,1]}"# }
                let header = Self.header(#""tensors":[\#(layers.joined(separator: ","))]"#)
                let message = decoder.decode(header: header, frameSizes: Array(repeating: 16, count: list + 1))
                #expect(message.batch?.tensors.map(\.layer) == (0...list).map(String.init))
            }
        }
    }

    @Test(arguments: [RecentTensorLists.textCapacity, RecentTensorLists.textCapacity + 1])
    func onlyTextsOfABoundedLengthAreKept(count: Int) throws {
        let text = "[" + String(repeating: " ", count: count - Self.known.utf8.count) + Self.known.dropFirst()
        let list = try TensorList(HeaderFields(["tensors": [["layer": "a", "dtype": "F32", "shape": [4, 1]]]]))
        var recent = RecentTensorLists()
        recent.append(list, text: Array(text.utf8))
        // SAFETY: a byte has no padding.
        var parser = unsafe JSONParser(copying: Array(text.utf8).span.bytes)
        #expect((recent.take(from: &parser) != nil) == (count == RecentTensorLists.textCapacity))
    }
}

extension MessageDecoder {
    /// Decodes a message of the run `r`.
    fileprivate mutating func decode(
        header: String,
        frameSizes: [Int],
        limits: WireLimits = WireLimits()
    ) -> EmitterMessage {
        let topic = Array("livecka/1/r/".utf8)
        return self.decode(topic: topic, header: Array(header.utf8), frameSizes: frameSizes, limits: limits)
    }
}

extension EmitterMessage {
    /// The header of the batch, or `nil` where the message is none.
    fileprivate var batch: BatchHeader? {
        guard case .batch(let header) = self.content else { return nil }
        return header
    }
}
