extension Hello {
    /// Reads a greeting.
    ///
    /// - Throws: A rejection as malformed.
    init(_ fields: HeaderFields, run: RunID) throws(Rejection) {
        let layers = try fields.array("layers")?.map { value throws(Rejection) in
            guard case .string(let name) = value else {
                throw .malformed("layers is no list of names")
            }
            return try HeaderFields.name(name, "a name in layers")
        }
        guard Set(layers ?? []).count == (layers ?? []).count else {
            throw .malformed("a name in layers comes twice")
        }
        let heartbeat = try fields.number("heartbeat")
        guard heartbeat.map({ $0 > 0 }) ?? true else {
            throw .malformed("heartbeat is not positive")
        }
        self.init(
            run: run,
            layers: layers,
            meta: fields["meta"],
            client: try fields.name("client"),
            heartbeat: heartbeat,
            session: try fields.session()
        )
    }
}

extension Alive {
    /// Reads a sign of life.
    ///
    /// - Throws: A rejection as malformed.
    init(_ fields: HeaderFields, run: RunID) throws(Rejection) {
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
    /// Reads a farewell.
    ///
    /// - Throws: A rejection as malformed.
    init(_ fields: HeaderFields, run: RunID) throws(Rejection) {
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
