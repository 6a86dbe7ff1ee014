extension Rejection {
    /// A rejection for what no other reason names.
    static func malformed(_ detail: String) -> Rejection {
        Rejection(reason: .malformed, detail: detail)
    }

    /// A rejection for what is over a limit.
    static func tooLarge(_ detail: String) -> Rejection {
        Rejection(reason: .tooLarge, detail: detail)
    }

    /// The rejection with what can be read of the message's identity, whatever else is wrong with it.
    func identified(by fields: HeaderFields) -> Rejection {
        let isSignOfLife = ["hello", "alive", "bye"].contains(fields["type"])
        return Rejection(
            reason: self.reason,
            detail: self.detail,
            isBatch: !isSignOfLife,
            session: (try? fields.session()) ?? nil,
            seq: fields.readableInteger("seq"),
            part: fields["part"] == nil ? 0 : fields.readableInteger("part"),
            step: fields.readableInteger("step"),
            batchIndex: fields.readableInteger("batch"),
            dropped: fields.readableInteger("dropped")
        )
    }
}

extension HeaderFields {
    fileprivate func readableInteger(_ key: String) -> Int? {
        (try? self.integer(key)) ?? nil
    }
}

extension String {
    /// A peer's text as it may appear in the log: in quotation marks, short, and on one line.
    var quoted: String {
        let scalars = self.unicodeScalars.prefix(81)
        var text = ""
        for scalar in scalars.prefix(80) {
            text += scalar.isControl ? "\u{FFFD}" : String(scalar)
        }
        return "\"\(text)\(scalars.count > 80 ? "…" : "")\""
    }
}
