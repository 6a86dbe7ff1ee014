internal import WireFormat

extension BatchHeader {
    /// The batch's name among all of the run, where it has both a session and a number.
    var number: BatchNumber? {
        guard let session = self.session, let seq = self.seq else { return nil }
        return BatchNumber(session: session, seq: seq)
    }
}

extension Rejection {
    /// The name of the rejected batch, where it could be read.
    var number: BatchNumber? {
        guard self.isBatch, let session = self.session, let seq = self.seq else { return nil }
        return BatchNumber(session: session, seq: seq)
    }

    /// The rejection of a message whose batch and part have come before.
    static func repetition(of number: BatchNumber, part: Int?) -> Rejection {
        Rejection(
            reason: .duplicate,
            detail: "number \(number.seq) of session \(number.session) has come before",
            session: number.session,
            seq: number.seq,
            part: part
        )
    }

    /// The rejection of a batch whose header was good.
    static func of(_ header: BatchHeader, reason: RejectionReason, detail: String) -> Rejection {
        Rejection(
            reason: reason,
            detail: detail,
            isBatch: true,
            session: header.session,
            seq: header.seq,
            part: header.part,
            step: header.step,
            batchIndex: header.batchIndex
        )
    }
}

extension Hello {
    /// What an event says of the greeting.
    var detail: JSONObject {
        var detail: JSONObject = [:]
        detail["session"] = self.session.map { .string($0.description) }
        detail["client"] = self.client.map { .string($0) }
        detail["heartbeat"] = self.heartbeat.map { .number($0) }
        detail["layers"] = self.layers.map { .array($0.map { .string($0) }) }
        detail["meta"] = self.meta
        return detail
    }
}

extension Bye {
    /// What an event says of the farewell.
    var detail: JSONObject {
        var detail: JSONObject = [:]
        detail["session"] = self.session.map { .string($0.description) }
        detail["reason"] = self.reason.map { .string($0.rawValue) }
        detail["seq"] = self.seq.map { .integer($0) }
        detail["sent"] = self.sent.map { .integer($0) }
        detail["dropped"] = self.dropped.map { .integer($0) }
        return detail
    }
}
