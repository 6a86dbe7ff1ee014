public import WireFormat

extension Alert {
    /// The alert as messages carry it, without the envelope.
    public var json: JSONObject {
        [
            "fingerprint": .string(self.id.fingerprint),
            "incident": .integer(self.incident),
            "revision": .integer(self.revision),
            "rule": .string(self.id.rule),
            "kind": self.kind.map { .string($0) } ?? .null,
            "severity": .string(self.severity.rawValue),
            "state": .string(self.state.rawValue),
            "data": .string(self.data.rawValue),
            "run": .string(self.id.run.name),
            "generation": self.generation.map { .integer($0) } ?? .null,
            "window": self.window.map { .string($0) } ?? .null,
            "layers": self.layers?.json ?? .null,
            "step_first": self.stepFirst.map { .integer($0) } ?? .null,
            "step_last": self.stepLast.map { .integer($0) } ?? .null,
            "active_at": self.activeAt.map { .number($0) } ?? .null,
            "fired_at": self.firedAt.map { .number($0) } ?? .null,
            "resolved_at": self.resolvedAt.map { .number($0) } ?? .null,
            "updated_at": .number(self.updatedAt),
            "value": self.value.map { .number($0) } ?? .null,
            "stderr": self.standardError.map { .number($0) } ?? .null,
            "enter": self.enter.map { .number($0) } ?? .null,
            "exit": self.exit.map { .number($0) } ?? .null,
            "dominance": self.dominance.map { .number($0) } ?? .null,
            "pc1_fraction": self.evidence?.fraction.map { .number($0) } ?? .null,
            "dominant_examples": self.evidence.map { .array($0.dominantExamples.map(\.json)) } ?? .null,
            "batches": self.batchCount.map { .integer($0) } ?? .null,
            "accounting": self.accounting?.json ?? .null,
            "summary": .string(self.summary),
            "description": .string(self.description),
        ]
    }

    /// Reads an alert back, or `nil` where something is missing that every alert has.
    init?(_ json: JSONObject) {
        guard let run = json["run"]?.string.flatMap(RunID.init), let rule = json["rule"]?.string,
            let fingerprint = json["fingerprint"]?.string,
            let incident = json["incident"]?.exactInteger, let revision = json["revision"]?.exactInteger,
            let severity = json["severity"]?.string.flatMap(Severity.init),
            let state = json["state"]?.string.flatMap(State.init),
            let data = json["data"]?.string.flatMap(DataState.init),
            let updatedAt = json["updated_at"]?.double
        else { return nil }
        self.id = AlertID(run: run, rule: rule, fingerprint: fingerprint)
        self.incident = incident
        self.revision = revision
        self.kind = json["kind"]?.string
        self.severity = severity
        self.state = state
        self.data = data
        self.generation = json["generation"]?.exactInteger
        self.window = json["window"]?.string
        self.layers = json["layers"].flatMap(AlertLayers.init)
        self.stepFirst = json["step_first"]?.exactInteger
        self.stepLast = json["step_last"]?.exactInteger
        self.activeAt = json["active_at"]?.double
        self.firedAt = json["fired_at"]?.double
        self.resolvedAt = json["resolved_at"]?.double
        self.updatedAt = updatedAt
        self.value = json["value"]?.double
        self.standardError = json["stderr"]?.double
        self.enter = json["enter"]?.double
        self.exit = json["exit"]?.double
        self.dominance = json["dominance"]?.double
        self.evidence = json["dominant_examples"]?.elements.map { examples in
            BlockEvidence(
                fraction: json["pc1_fraction"]?.double,
                dominantExamples: examples.compactMap(DominantExample.init)
            )
        }
        self.batchCount = json["batches"]?.exactInteger
        self.accounting = json["accounting"]?.members.map(Accounting.init)
        self.summary = json["summary"]?.string ?? ""
        self.description = json["description"]?.string ?? ""
    }
}

extension AlertLayers {
    fileprivate var json: JSONValue {
        [
            "first": .integer(self.range.lowerBound),
            "last": .integer(self.range.upperBound),
            "names": .array(self.names.map { .string($0) }),
        ]
    }

    fileprivate init?(_ json: JSONValue) {
        guard let first = json.members?["first"]?.exactInteger, let last = json.members?["last"]?.exactInteger,
            0 <= first, first <= last, let names = json.members?["names"]?.elements
        else { return nil }
        self.init(range: first...last, names: names.compactMap(\.string))
    }
}

extension DominantExample {
    fileprivate var json: JSONValue {
        [
            "probe": self.probe.map { .string($0) } ?? .null,
            "batch": self.batch.map { .integer($0) } ?? .null,
            "row": .integer(self.row),
            "id": self.id,
            "share": .number(self.share),
        ]
    }

    fileprivate init?(_ json: JSONValue) {
        guard let members = json.members, let row = members["row"]?.exactInteger, let share = members["share"]?.double
        else { return nil }
        self.init(
            probe: members["probe"]?.string,
            batch: members["batch"]?.exactInteger,
            row: row,
            id: members["id"] ?? .null,
            share: share
        )
    }
}

extension Accounting {
    fileprivate init(_ json: JSONObject) {
        func count(_ key: String) -> Int { json[key]?.exactInteger ?? 0 }
        self.init(
            attempted: count("attempted"),
            unnumbered: count("unnumbered"),
            outside: count("outside"),
            accumulated: count("accumulated"),
            dropped: count("dropped"),
            lost: count("lost"),
            pending: count("pending")
        )
        for (key, value) in json["rejected"]?.members ?? [:] {
            if let reason = RejectionReason(rawValue: key), let count = value.exactInteger {
                self[reason] = count
            }
        }
    }
}

extension JSONValue {
    /// The text, `nil` where this is none.
    var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The members, `nil` where this is no object.
    var members: JSONObject? {
        guard case .object(let members) = self else { return nil }
        return members
    }

    /// The elements, `nil` where this is no array.
    var elements: [JSONValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    /// The number, `nil` where this is none.
    var double: Double? {
        switch self {
        case .integer(let integer): Double(integer)
        case .number(let number): number
        default: nil
        }
    }
}
