/// Reads the messages of emitters: `[topic, header, tensor, tensor, …]`.
///
/// Only what can be said of a message alone is checked, in the order of ``RejectionReason``. Whether it is a duplicate,
/// fits its run, or fits into memory, others decide. Never traps, whatever the bytes are, and allocates nothing by a
/// number that a peer wrote.
public struct MessageDecoder: Sendable {
    /// The lists of tensors that need not be read again.
    private(set) var recent = RecentTensorLists()

    /// Creates a decoder that has read nothing.
    public init() {}

    /// Reads a message.
    ///
    /// What it says depends on nothing that was read before; lists of tensors that came before only take less time.
    ///
    /// - Parameters:
    ///   - topic: The first frame, `livecka/1/<run>/`.
    ///   - header: The second frame, empty where there is none.
    ///   - frameSizes: The length of each further frame.
    ///   - limits: What a message may be at most.
    /// - Returns: The message, which may be a rejection.
    /// - Complexity: O(*m*) for a header of *m* bytes.
    public mutating func decode(
        topic: RawSpan,
        header: RawSpan,
        frameSizes: [Int],
        limits: WireLimits
    ) -> EmitterMessage {
        guard let run = RunID(topic: topic) else {
            return EmitterMessage(run: nil, content: .rejected(.malformed("the topic is not livecka/1/<run>/")))
        }
        guard header.byteCount <= limits.headerBytes else {
            let detail = "the header has \(header.byteCount) bytes and may have \(limits.headerBytes)"
            return EmitterMessage(run: run, content: .rejected(.tooLarge(detail)))
        }
        let parsed: ParsedHeader
        do {
            parsed = try ParsedHeader(header, recent: &self.recent)
        } catch {
            return EmitterMessage(run: run, content: .rejected(error))
        }
        do {
            let content = try self.content(of: parsed, run: run, frameSizes: frameSizes, limits: limits)
            return EmitterMessage(run: run, content: content)
        } catch {
            return EmitterMessage(run: run, content: .rejected(error.identified(by: parsed.fields)))
        }
    }

    /// Reads a header.
    ///
    /// What is malformed comes before everything else, so a header is read whole before it is judged.
    private mutating func content(
        of header: ParsedHeader,
        run: RunID,
        frameSizes: [Int],
        limits: WireLimits
    ) throws(Rejection) -> EmitterMessage.Content {
        let envelope = try MessageEnvelope(header.fields)
        let content: EmitterMessage.Content
        switch envelope.type {
        case "batch":
            let tensors =
                switch header.tensors {
                case .known(let list): list
                case .text: try TensorList(header.fields)
                }
            let draft = try BatchDraft(header.fields, tensors: tensors, run: run)
            try envelope.requireVersion()
            try envelope.requireRun(run)
            let batch = try draft.resolve(frameSizes: frameSizes, limits: limits)
            if case .text(let text) = header.tensors {
                self.recent.append(tensors, text: text)
            }
            return .batch(batch)
        case "hello": content = .hello(try Hello(header.fields, run: run))
        case "alive": content = .alive(try Alive(header.fields, run: run))
        case "bye": content = .bye(try Bye(header.fields, run: run))
        default:
            // Another version may have other types.
            try envelope.requireVersion()
            throw .malformed("type \(envelope.type.quoted) is not batch, hello, alive or bye")
        }
        try envelope.requireVersion()
        try envelope.requireRun(run)
        try limits.requireRoom(for: frameSizes)
        if case .hello(let hello) = content, let layers = hello.layers, layers.count > limits.layers {
            throw .tooLarge("\(layers.count) layers are over limits.layers, which is \(limits.layers)")
        }
        guard frameSizes.isEmpty else {
            throw Rejection(reason: .size, detail: "\(frameSizes.count) frames came with a message that has none")
        }
        return content
    }
}

/// What every message of an emitter says first.
private struct MessageEnvelope {
    let version: Int
    let type: String
    let run: String

    init(_ fields: HeaderFields) throws(Rejection) {
        guard
            let version = try fields.integer("v", in: -HeaderFields.largestNumber...HeaderFields.largestNumber)
        else {
            throw .malformed("v is missing")
        }
        self.version = version
        self.type = try fields.requiredString("type")
        self.run = try fields.requiredString("run")
    }

    func requireVersion() throws(Rejection) {
        guard self.version == 1 else {
            throw Rejection(reason: .version, detail: "version \(self.version) is not spoken here, only 1")
        }
    }

    func requireRun(_ run: RunID) throws(Rejection) {
        guard self.run == run.name else {
            throw Rejection(
                reason: .inconsistent,
                detail: "the topic names run \(run.name.quoted), the header \(self.run.quoted)"
            )
        }
    }
}

extension RunID {
    /// Reads the run's name out of a topic.
    fileprivate init?(topic: RawSpan) {
        let prefix = "livecka/1/"
        // SAFETY: the buffer is read only during the call.
        let bytes = unsafe topic.withUnsafeBytes { unsafe Array($0.prefix(prefix.utf8.count + 130)) }
        guard bytes.starts(with: prefix.utf8), bytes.count > prefix.utf8.count, bytes.last == UInt8(ascii: "/"),
            let name = String(validating: bytes.dropFirst(prefix.utf8.count).dropLast(), as: UTF8.self)
        else {
            return nil
        }
        self.init(name)
    }
}
