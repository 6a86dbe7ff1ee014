internal import Monitoring
internal import WireFormat

extension RunReading {
    /// The run as the command `runs` lists it.
    var summary: JSONObject {
        var summary = self.details
        summary["layers"] = .integer(self.layers.count)
        summary["sessions"] = nil
        return summary
    }

    /// The run as the command `run` tells it.
    var details: JSONObject {
        var windows: JSONObject = [:]
        for (definition, sums) in self.windows {
            windows[definition.name] = [
                "kind": .string(definition.kind.name),
                "batches": .integer(sums?.batchCount ?? 0),
                "examples": .integer(sums?.exampleCount ?? 0),
                "step_first": sums.map { .integer($0.stepFirst) } ?? .null,
                "step_last": sums.map { .integer($0.stepLast) } ?? .null,
                "missing": sums?.missingCount.map { .integer($0) } ?? .null,
            ]
        }
        return [
            "run": .string(self.run.name),
            "state": .string(self.state),
            "step": self.step.map { .integer($0) } ?? .null,
            "generation": self.generation.map { .integer($0) } ?? .null,
            "layers": .array(self.layers.map { .string($0) }),
            "batches": .integer(self.accounting.accumulated),
            "windows": .object(windows),
            "accounting": self.accounting.json,
            "sessions": .array(self.sessions.map(\.json)),
        ]
    }
}

extension SessionReading {
    fileprivate var json: JSONValue {
        [
            "session": .string(self.session.description),
            "endpoint": .string(self.endpoint),
            "client": self.client.map { .string($0) } ?? .null,
            "ended": .bool(self.hasEnded),
            "silent_seconds": .number(self.silence.inSeconds),
            "accounting": self.accounting.json,
        ]
    }
}

extension Duration {
    /// The duration as a number of seconds.
    var inSeconds: Double {
        let (seconds, attoseconds) = self.components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
