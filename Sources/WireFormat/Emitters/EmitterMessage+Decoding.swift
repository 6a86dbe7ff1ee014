extension EmitterMessage {
    /// Reads a message: `[topic, header, tensor, tensor, …]`.
    ///
    /// Only what can be said of the message alone is checked, in the order of ``RejectionReason``.
    /// Whether it is a duplicate, fits its run, or fits into memory, others decide. Never traps,
    /// whatever the bytes are, and allocates nothing by a number that a peer wrote.
    ///
    /// - Parameters:
    ///   - topic: The first frame, `livecka/1/<run>/`.
    ///   - header: The second frame, empty where there is none.
    ///   - frameSizes: The length of each further frame.
    ///   - limits: What a message may be at most.
    public static func decode(
        topic: RawSpan,
        header: RawSpan,
        frameSizes: [Int],
        limits: WireLimits
    ) -> EmitterMessage {
        guard let run = RunID(topic: topic) else {
            let rejection = Rejection(reason: .malformed, detail: "the topic is not livecka/1/<run>/", isBatch: false)
            return EmitterMessage(run: nil, content: .rejected(rejection))
        }
        guard header.byteCount <= limits.headerBytes else {
            let detail = "the header has \(header.byteCount) bytes and may have \(limits.headerBytes)"
            return EmitterMessage(run: run, content: .rejected(Rejection(reason: .tooLarge, detail: detail)))
        }
        guard let object = JSONObject(header: header) else {
            return EmitterMessage(run: run, content: .rejected(.malformed("the header is not a JSON object")))
        }
        do {
            return EmitterMessage(run: run, content: try decode(object, run: run, frameSizes: frameSizes, limits: limits))
        } catch {
            return EmitterMessage(run: run, content: .rejected(error.identified(by: object)))
        }
    }

    private static func decode(
        _ object: JSONObject,
        run: RunID,
        frameSizes: [Int],
        limits: WireLimits
    ) throws(Rejection) -> Content {
        let fields = HeaderFields(object)
        let version = try fields.requiredInteger("v")
        guard version == 1 else {
            throw Rejection(reason: .version, detail: "version \(version) is not spoken here, only 1")
        }
        let content: Content
        let type = try fields.requiredString("type")
        let headerRun = try fields.requiredString("run")
        // What is malformed comes before what contradicts the topic, so the whole header is read first.
        switch type {
        case "batch":
            let draft = try BatchDraft(fields, run: run)
            try draft.requireOneEntryForEachExample()
            try requireSameRun(headerRun, run)
            content = .batch(try draft.header(frameSizes: frameSizes, limits: limits))
        case "hello":
            content = .hello(try Hello(fields, run: run))
        case "alive":
            content = .alive(try Alive(fields, run: run))
        case "bye":
            content = .bye(try Bye(fields, run: run))
        default:
            throw .malformed("type is not batch, hello, alive or bye")
        }
        try requireSameRun(headerRun, run)
        return content
    }

    private static func requireSameRun(_ headerRun: String, _ run: RunID) throws(Rejection) {
        guard headerRun == run.name else {
            throw Rejection(reason: .inconsistent, detail: "topic and header name different runs")
        }
    }
}

extension RunID {
    /// Reads the run's name out of a topic.
    fileprivate init?(topic: RawSpan) {
        let prefix = "livecka/1/"
        guard topic.byteCount <= prefix.utf8.count + 129 else { return nil }
        let bytes = unsafe topic.withUnsafeBytes { unsafe Array($0) }
        guard bytes.starts(with: prefix.utf8), bytes.last == UInt8(ascii: "/"), bytes.count > prefix.utf8.count,
            let name = String(validating: bytes.dropFirst(prefix.utf8.count).dropLast(), as: UTF8.self)
        else {
            return nil
        }
        self.init(name)
    }
}

extension JSONObject {
    fileprivate init?(header: RawSpan) {
        guard case .object(let object)? = try? JSONValue(parsing: header) else { return nil }
        self = object
    }
}

extension Rejection {
    /// The rejection with what can be read of the message's identity, whatever else is wrong with it.
    fileprivate func identified(by object: JSONObject) -> Rejection {
        let fields = HeaderFields(object)
        let isGreeting = ["hello", "alive", "bye"].contains(fields["type"])
        return Rejection(
            reason: self.reason,
            detail: self.detail,
            isBatch: !isGreeting,
            session: (try? fields.session()) ?? nil,
            seq: (try? fields.integer("seq")) ?? nil,
            part: (try? fields.integer("part")) ?? nil,
            step: (try? fields.integer("step")) ?? nil,
            batchIndex: (try? fields.integer("batch")) ?? nil,
            dropped: (try? fields.integer("dropped")) ?? nil
        )
    }
}

extension Hello {
    fileprivate init(_ fields: HeaderFields, run: RunID) throws(Rejection) {
        let heartbeat = try fields.number("heartbeat")
        guard heartbeat.map({ $0 > 0 }) ?? true else {
            throw .malformed("heartbeat is not positive")
        }
        self.init(
            run: run,
            layers: try fields.array("layers")?.map { value throws(Rejection) in
                guard case .string(let name) = value else {
                    throw .malformed("layers is not a list of names")
                }
                return try HeaderFields.name(name, "layers")
            },
            meta: fields["meta"],
            client: try fields.name("client"),
            heartbeat: heartbeat,
            session: try fields.session()
        )
    }
}

extension Alive {
    fileprivate init(_ fields: HeaderFields, run: RunID) throws(Rejection) {
        self.init(
            run: run,
            session: try fields.session(),
            step: try fields.integer("step"),
            phase: try fields.word("phase"),
            seq: try fields.integer("seq"),
            dropped: try fields.integer("dropped")
        )
    }
}

extension Bye {
    fileprivate init(_ fields: HeaderFields, run: RunID) throws(Rejection) {
        self.init(
            run: run,
            session: try fields.session(),
            seq: try fields.integer("seq"),
            sent: try fields.integer("sent"),
            dropped: try fields.integer("dropped"),
            reason: try fields.word("reason")
        )
    }
}
