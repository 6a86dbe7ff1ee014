internal import Alerting
internal import Foundation
internal import WireFormat

/// What is posted to Alertmanager's `/api/v2/alerts`.
struct AlertmanagerMessage {
    /// The alerts, each with labels that tell it from others and annotations for people.
    let json: JSONValue

    /// Writes entries.
    ///
    /// What fires ends by itself where it is not told again for four intervals, so that a daemon that is gone leaves no alert
    /// behind for ever.
    ///
    /// - Parameters:
    ///   - entries: The alerts.
    ///   - interval: The time between two deliveries.
    ///   - time: The wall clock in Unix seconds.
    init(_ entries: [DeliveryBook.Entry], interval: Duration, time: Double) {
        let lease = 4 * Double(max(interval, .seconds(1)).components.seconds)
        self.json = .array(
            entries.map { entry in
                [
                    "labels": .object(entry.alert.labels),
                    "annotations": .object(entry.alert.annotations),
                    "startsAt": .string(timestamp(entry.alert.firedAt ?? time)),
                    "endsAt": .string(timestamp(entry.endedAt ?? time + lease)),
                ]
            }
        )
    }
}

extension Alert {
    /// What tells the alert from others, and routes it.
    fileprivate var labels: JSONObject {
        var labels: JSONObject = [
            "alertname": .string(self.alertName),
            "run": .string(self.id.run.name),
            "rule": .string(self.id.rule),
            "severity": .string(self.severity.rawValue),
            "fingerprint": .string(self.id.fingerprint),
            "source": "livecka",
        ]
        labels["window"] = self.window.map { .string($0) }
        return labels
    }

    /// What people read; unlike labels they may change while the alert fires.
    fileprivate var annotations: JSONObject {
        var annotations: JSONObject = [
            "summary": .string(self.summary),
            "description": .string(self.description),
            "data": .string(self.data.rawValue),
            "incident": .string("\(self.incident)"),
            "revision": .string("\(self.revision)"),
        ]
        annotations["kind"] = self.kind.map { .string($0) }
        annotations["value"] = self.value.map { .string("\($0)") }
        annotations["stderr"] = self.standardError.map { .string("\($0)") }
        annotations["step"] = self.stepLast.map { .string("\($0)") }
        if let layers = self.layers, let first = layers.names.first, let last = layers.names.last {
            annotations["layers"] = .string("\(first)–\(last)")
            annotations["layer_count"] = .string("\(layers.names.count)")
        }
        return annotations
    }

    private var alertName: String {
        let rule = BuiltInRule(rawValue: self.id.rule) ?? .similarity
        let words = rule.rawValue.split(separator: "_")
        return "LiveCKA" + words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }
}

/// A time as RFC 3339 has it, to the millisecond.
private func timestamp(_ time: Double) -> String {
    Date(timeIntervalSince1970: time).formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
}
