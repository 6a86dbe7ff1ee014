import Testing
import WireFormat

/// A message that is being put together: a good one, until a test spoils it.
struct Specimen: Sendable {
    static let session = "0f8fad5b-d9cb-469f-a165-70867728950e"

    /// A good batch of three layers with eight examples each.
    static let batch = Specimen(
        header: [
            "v": 1, "type": "batch", "run": "r", "step": 12, "session": .string(Self.session), "seq": 7, "dropped": 2,
            "tensors": [
                ["layer": "a", "dtype": "F32", "shape": [8, 16]],
                ["layer": "b", "dtype": "BF16", "shape": [8, 2, 3]],
                ["layer": "c", "dtype": "F64", "shape": [8, 8], "kind": "gram"],
            ],
        ],
        frameSizes: [8 * 16 * 4, 8 * 6 * 2, 8 * 8 * 8]
    )

    static let hello = Specimen(type: "hello", ["layers": ["a", "b"], "client": "livecka 1.0", "heartbeat": 10])
    static let alive = Specimen(type: "alive", ["step": 12, "phase": "train", "seq": 7, "dropped": 2])
    static let bye = Specimen(type: "bye", ["seq": 8, "sent": 6, "dropped": 2, "reason": "finished"])

    var topic = "livecka/1/r/"
    var header: JSONObject
    var frameSizes: [Int]
    var limits = WireLimits()

    init(header: JSONObject, frameSizes: [Int]) {
        self.header = header
        self.frameSizes = frameSizes
    }

    private init(type: String, _ members: JSONObject) {
        self.init(
            header: ["v": 1, "type": .string(type), "run": "r", "session": .string(Self.session)],
            frameSizes: []
        )
        for (key, value) in members {
            self.header[key] = value
        }
    }

    /// This specimen with changes.
    func with(_ change: (inout Specimen) -> Void) -> Specimen {
        var specimen = self
        change(&specimen)
        return specimen
    }

    /// This specimen with other members; `nil` removes one.
    func with(_ members: [String: JSONValue?]) -> Specimen {
        self.with { specimen in
            for (key, value) in members {
                specimen.header[key] = value
            }
        }
    }

    /// A member of the tensor at a place.
    subscript(tensor index: Int, key: String) -> JSONValue? {
        get {
            guard case .array(let tensors)? = self.header["tensors"], case .object(let tensor) = tensors[index] else {
                return nil
            }
            return tensor[key]
        }
        set {
            guard case .array(var tensors)? = self.header["tensors"], case .object(var tensor) = tensors[index] else {
                return
            }
            tensor[key] = newValue
            tensors[index] = .object(tensor)
            self.header["tensors"] = .array(tensors)
        }
    }

    /// This specimen with another member in the first tensor.
    func withTensor(_ key: String, _ value: JSONValue?) -> Specimen {
        self.with { $0[tensor: 0, key] = value }
    }

    /// What becomes of the message.
    func decode() -> EmitterMessage {
        decodeMessage(
            topic: self.topic,
            header: JSONValue.object(self.header).encoded(),
            frameSizes: self.frameSizes,
            limits: self.limits
        )
    }

    /// Why the message is rejected, or `nil` where it is not.
    var rejection: Rejection? {
        self.decode().rejection
    }

    /// The batch, or `nil` where the message is none.
    var batchHeader: BatchHeader? {
        guard case .batch(let header) = self.decode().content else { return nil }
        return header
    }
}

/// Decodes a message of which the header is given as bytes.
func decodeMessage(
    topic: String = "livecka/1/r/",
    header: [UInt8],
    frameSizes: [Int] = [],
    limits: WireLimits = WireLimits(),
    by experienced: MessageDecoder = MessageDecoder()
) -> EmitterMessage {
    decodeMessage(topic: Array(topic.utf8), header: header, frameSizes: frameSizes, limits: limits, by: experienced)
}

/// Decodes a message of which topic and header are given as bytes.
///
/// Twice, because a decoder that has met a list of tensors reads it in another way: that of this message or, where the
/// decoder has read messages before, of another one.
func decodeMessage(
    topic: [UInt8],
    header: [UInt8],
    frameSizes: [Int],
    limits: WireLimits,
    by experienced: MessageDecoder = MessageDecoder()
) -> EmitterMessage {
    var (decoder, experienced) = (MessageDecoder(), experienced)
    let first = decoder.decode(topic: topic, header: header, frameSizes: frameSizes, limits: limits)
    let second = decoder.decode(topic: topic, header: header, frameSizes: frameSizes, limits: limits)
    let third = experienced.decode(topic: topic, header: header, frameSizes: frameSizes, limits: limits)
    #expect(String(reflecting: first) == String(reflecting: second))
    #expect(String(reflecting: first) == String(reflecting: third))
    return second
}

extension MessageDecoder {
    /// Decodes a message of which topic and header are given as bytes.
    mutating func decode(
        topic: [UInt8],
        header: [UInt8],
        frameSizes: [Int],
        limits: WireLimits = WireLimits()
    ) -> EmitterMessage {
        // SAFETY: a byte has no padding.
        unsafe self.decode(
            topic: topic.span.bytes,
            header: header.span.bytes,
            frameSizes: frameSizes,
            limits: limits
        )
    }
}

extension EmitterMessage {
    /// Why the message is rejected, or `nil` where it is not.
    var rejection: Rejection? {
        guard case .rejected(let rejection) = self.content else { return nil }
        return rejection
    }
}
