public import WireFormat

/// What is kept over a restart of the daemon.
///
///     {"v": 1, "runs": [{"run", "data", "layers", "created", "heard_at", "alerts": [
///         {"raising", "clearing", "dominating", "fired", "group", "interval", "layer_count", "below", "non_finite",
///          "listed", "outdated", "reason", "alert": {…}}]}]}
///
/// The counts of evaluations are part of it: what was pending goes on from there.
extension AlertBook {
    /// The alerts as text to be saved.
    public var saved: JSONValue {
        let runs = self.runs.values.filter { !$0.lives.isEmpty }.sorted { $0.run.name < $1.run.name }
        return ["v": 1, "runs": .array(runs.map(\.saved))]
    }

    /// Takes alerts over that were saved by an earlier daemon.
    ///
    /// Their runs are waited for: what is not heard of for ``AlertRules/staleAfter`` is stale.
    ///
    /// - Returns: What is to be told of them.
    /// - Throws: ``AlertFileError`` where the text is not what ``saved`` writes.
    public mutating func restore(_ saved: JSONValue, now: Moment) throws(AlertFileError) -> [AlertAction] {
        guard case .object(let object) = saved, object["v"] == 1, let runs = object["runs"]?.elements else {
            throw AlertFileError(reason: "it is not of version 1")
        }
        var restored: [RunID: RunAlerts] = [:]
        for value in runs.prefix(Self.runCapacity) {
            let run = try RunAlerts(saved: value, now: now)
            restored[run.run] = run
        }
        self.runs = restored
        let told = self.alerts.map { AlertAction.publish($0, isTurn: false) }
        return told + self.apply(self.rules, now: now)
    }
}

/// Why a file of alerts cannot be used.
public struct AlertFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong with it.
    public let reason: String

    /// A sentence that says so.
    public var description: String { "The file of alerts cannot be read: \(self.reason)" }
}

extension RunAlerts {
    fileprivate var saved: JSONValue {
        [
            "run": .string(self.run.name),
            "data": .string(self.data.rawValue),
            "layers": self.layerDigest.map { .string(String($0, radix: 16)) } ?? .null,
            "created": .integer(self.createdCount),
            "heard_at": .number(self.lastHeard),
            "alerts": .array(self.lives.map(\.saved)),
        ]
    }

    fileprivate init(saved: JSONValue, now: Moment) throws(AlertFileError) {
        guard let json = saved.members, let run = json["run"]?.string.flatMap(RunID.init),
            let data = json["data"]?.string.flatMap(Alert.DataState.init),
            let created = json["created"]?.exactInteger, let heardAt = json["heard_at"]?.double,
            let alerts = json["alerts"]?.elements
        else {
            throw AlertFileError(reason: "a run lacks what every run has")
        }
        self.init(run: run, now: now)
        self.data = data
        self.layerDigest = json["layers"]?.string.flatMap { UInt64($0, radix: 16) }
        self.createdCount = created
        self.lastHeard = heardAt
        self.awaitedSince = data == .ok ? now.uptime : nil
        for value in alerts {
            guard let life = AlertLife(saved: value), life.alert.id.run == run else {
                throw AlertFileError(reason: "an alert of run \(run) lacks what every alert has")
            }
            self.lives.append(life)
        }
    }
}

extension AlertLife {
    fileprivate var saved: JSONValue {
        [
            "raising": .integer(self.raising.count),
            "clearing": .integer(self.clearing.count),
            "dominating": .integer(self.dominating.count),
            "fired": .integer(self.firedCount),
            "group": self.group.map { .string($0) } ?? .null,
            "interval": self.interval.map { [.integer($0.lowerBound), .integer($0.upperBound)] } ?? .null,
            "layer_count": .integer(self.layerCount),
            "below": .bool(self.isBelow),
            "non_finite": .integer(self.nonFiniteCount),
            "listed": .bool(self.isListed),
            "outdated": .bool(self.isOutdated),
            "reason": self.closingReason.map { .string($0) } ?? .null,
            "alert": .object(self.alert.json),
        ]
    }

    fileprivate init?(saved: JSONValue) {
        guard let json = saved.members, let raising = json["raising"]?.exactInteger,
            let clearing = json["clearing"]?.exactInteger, let fired = json["fired"]?.exactInteger,
            let alert = json["alert"]?.members.flatMap(Alert.init)
        else { return nil }
        self.init(alert: alert)
        self.raising.count = raising
        self.clearing.count = clearing
        self.dominating.count = json["dominating"]?.exactInteger ?? 0
        self.firedCount = fired
        self.group = json["group"]?.string
        let bounds = json["interval"]?.elements?.compactMap(\.exactInteger) ?? []
        if bounds.count == 2, bounds[0] <= bounds[1] {
            self.interval = bounds[0]...bounds[1]
        }
        self.layerCount = json["layer_count"]?.exactInteger ?? 0
        self.isBelow = json["below"] == .bool(true)
        self.nonFiniteCount = json["non_finite"]?.exactInteger ?? 0
        self.isOutdated = json["outdated"] == .bool(true)
        self.isListed = json["listed"] == .bool(true)
        self.closingReason = json["reason"]?.string
    }
}
