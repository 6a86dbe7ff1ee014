import Testing

@testable import WireFormat

/// A decoder that has met lists of tensors before; what it makes of a message alone, all other tests of decoding ask.
@Suite("MessageDecoder")
struct MessageDecoderTests {
    private static let known = #"[{"layer":"a","dtype":"F32","shape":[4,1]}]"#
    private static let other = #"[{"layer":"b","dtype":"F64","shape":[5,1]}]"#

    /// A decoder that has met ``known``.
    private func experiencedDecoder() -> MessageDecoder {
        var decoder = MessageDecoder()
        _ = decoder.decode(header: Self.header(#""tensors":\#(Self.known)"#), frameSizes: [16])
        #expect(decoder.recent.texts == [Array(Self.known.utf8)])
        return decoder
    }

    private static func header(_ members: String) -> String {
        #"{"v":1,"type":"batch","run":"r","step":0,\#(members)}"#
    }

    @Test func knownListIsJudgedByTheFramesAndLimitsOfEachMessage() {
        var decoder = self.experiencedDecoder()
        let header = Self.header(#""tensors":\#(Self.known)"#)
        #expect(decoder.decode(header: header, frameSizes: [20]).rejection?.reason == .size)
        #expect(decoder.decode(header: header, frameSizes: []).rejection?.reason == .size)
        var limits = WireLimits()
        limits.examples = 3
        #expect(decoder.decode(header: header, frameSizes: [16], limits: limits).rejection?.reason == .tooLarge)
        limits = WireLimits()
        limits.messageBytes = 15
        #expect(decoder.decode(header: header, frameSizes: [16], limits: limits).rejection?.reason == .tooLarge)
        #expect(decoder.decode(header: header, frameSizes: [16]).batch?.tensors.map(\.byteCount) == [16])
    }

    @Test(
        arguments: [
            (#""tensors":\#(Self.other),"tensors":\#(Self.known)"#, ["a"], 16),
            (#""tensors":\#(Self.known),"tensors":\#(Self.other)"#, ["b"], 40),
            (#""tensors":\#(Self.known),"tensors":\#(Self.known)"#, ["a"], 16),
            (#""tensors" : \#(Self.known) ,"tens\u006frs" :\#t\#(Self.other) "#, ["b"], 40),
            (#""tensors":\#(Self.other), "tens\u006frs":  \#(Self.known)\#n"#, ["a"], 16),
        ]
    )
    func lastOfSeveralListsCounts(members: String, layers: [String], frameSize: Int) {
        var decoder = self.experiencedDecoder()
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
            #""layers":2,"tensors":\#(Self.known)"#,
            #""labels":[1,2,3],"tensors":\#(Self.known)"#,
        ]
    )
    func knownTextMakesNothingGoodThatIsMalformed(members: String) {
        var decoder = self.experiencedDecoder()
        let message = decoder.decode(header: Self.header(members), frameSizes: [16])
        #expect(message.rejection?.reason == .malformed)
    }

    @Test func rejectedBatchOfAKnownListIsIdentified() throws {
        var decoder = self.experiencedDecoder()
        let members = #""tensors":\#(Self.known),"session":"\#(Specimen.session)","seq":7,"dropped":2"#
        let rejection = try #require(decoder.decode(header: Self.header(members), frameSizes: [17]).rejection)
        #expect(rejection.reason == .size)
        #expect(rejection.session == SessionID(Specimen.session))
        #expect(rejection.seq == 7)
        #expect(rejection.dropped == 2)
    }

    @Test func knownListInASignOfLifeIsNothing() {
        var decoder = self.experiencedDecoder()
        let alive = #"{"v":1,"type":"alive","run":"r","step":5,"tensors":\#(Self.known)}"#
        guard case .alive(let alive) = decoder.decode(header: alive, frameSizes: []).content else {
            Issue.record("A sign of life was read as something else")
            return
        }
        #expect(alive.step == 5)
    }

    /// What is refused would otherwise drive out what is good.
    @Test(
        arguments: [
            (#"[{"layer":"a","dtype":"F32","shape":[4,1]},{"layer":"a","dtype":"F32","shape":[4,1]}]"#, .malformed),
            (#"[{"layer":"a","dtype":"F31","shape":[4,1]}]"#, .dtype),
            (#"[{"layer":"a","dtype":"F32","shape":[4,0]}]"#, .shape),
            (#"[{"layer":"a","dtype":"F32","shape":[4,2]}]"#, .size),
            (#"[{"layer":"a","dtype":"F32","shape":[2,2]}]"#, .tooFewExamples),
        ] as [(String, RejectionReason)]
    )
    func listThatIsRefusedIsRefusedAgainAndNotKept(tensors: String, reason: RejectionReason) {
        var decoder = MessageDecoder()
        for _ in 0..<2 {
            let message = decoder.decode(header: Self.header(#""tensors":\#(tensors)"#), frameSizes: [16])
            #expect(message.rejection?.reason == reason)
            #expect(decoder.recent.texts.isEmpty)
        }
    }

    @Test func listsOfManyRunsAndPartsAreToldApart() {
        var decoder = MessageDecoder()
        for _ in 0..<3 {
            for list in 0..<RecentTensorLists.capacity + 2 {
                // Each text is the beginning of the next but for its end.
                let layers = (0...list).map { #"{"layer":"\#($0)","dtype":"F32","shape":[4,1]}"# }
                let header = Self.header(#""tensors":[\#(layers.joined(separator: ","))]"#)
                let message = decoder.decode(header: header, frameSizes: Array(repeating: 16, count: list + 1))
                #expect(message.batch?.tensors.map(\.layer) == (0...list).map(String.init))
            }
        }
    }

    @Test func listThatWasNotMetForLongestGoesFirst() throws {
        let texts = (0...RecentTensorLists.capacity).map { Array("[\($0)]".utf8) }
        var recent = RecentTensorLists()
        for text in texts.dropLast() {
            recent.append(try Self.anyList, text: text)
        }
        let isFirstKnown = recent.takes(texts[0])
        #expect(isFirstKnown)
        recent.append(try Self.anyList, text: texts[RecentTensorLists.capacity])
        #expect(recent.texts == Array(texts[2..<RecentTensorLists.capacity]) + [texts[0], texts[texts.count - 1]])
        let isSecondKnown = recent.takes(texts[1])
        #expect(!isSecondKnown)
    }

    @Test func bytesOfAllTextsAreBounded() throws {
        let half = [UInt8](repeating: 0x20, count: RecentTensorLists.textCapacity / 2)
        var recent = RecentTensorLists()
        recent.append(try Self.anyList, text: [1] + half.dropFirst())
        recent.append(try Self.anyList, text: [2] + half.dropFirst())
        #expect(recent.texts.map(\.first) == [1, 2])
        recent.append(try Self.anyList, text: [3])
        #expect(recent.texts.map(\.first) == [2, 3])
        recent.append(try Self.anyList, text: half + half + [4])
        #expect(recent.texts.map(\.first) == [2, 3])
    }

    /// Anything quadratic would take minutes here.
    @Test(.timeLimit(.minutes(1)))
    func aMebibyteOfKeysAndListsIsReadInLinearTime() {
        var decoder = self.experiencedDecoder()
        let keys = (0..<40_000).map { #""\#($0)":0"# }.joined(separator: ",")
        let lists = String(repeating: #""tensors":0,"tensors":\#(Self.known),"#, count: 7_000)
        let header = #"{"v":1,"type":"batch","run":"r","step":0,\#(keys),\#(lists)"end":0}"#
        #expect(decoder.decode(header: header, frameSizes: [16]).batch?.tensors.map(\.layer) == ["a"])
    }

    private static var anyList: TensorList {
        get throws {
            try TensorList(HeaderFields(["tensors": [["layer": "a", "dtype": "F32", "shape": [4, 1]]]]))
        }
    }
}

extension RecentTensorLists {
    /// Whether a text that comes next is known.
    fileprivate mutating func takes(_ text: [UInt8]) -> Bool {
        // SAFETY: a byte has no padding.
        var parser = unsafe JSONParser(copying: text.span.bytes)
        return self.take(from: &parser) != nil
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
