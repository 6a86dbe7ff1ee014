import Control
import Foundation
import WireFormat
import ZeroMQ

/// Prints every change of alerts as it comes, over restarts of the daemon and lost messages.
///
/// A message that is missing shows by a gap in the numbers of its topic: then everything current is asked for again. A daemon
/// that is silent is waited for, and its endpoint asked for anew.
struct AlertFollower {
    let run: String?
    let limit: Int?
    let options: ControlOptions

    /// How long the daemon may be silent: its heartbeat comes every second.
    private static let patience = Duration.seconds(5)

    func follow() throws {
        let (status, _) = try self.options.request("status")
        var endpoint = status.publishEndpoint ?? ""
        let context = try Context()
        var changes = AlertChanges(since: Date().timeIntervalSince1970)
        var socket = try self.subscribe(in: context, to: endpoint)
        var isSilent = false
        while changes.printedCount < self.limit ?? .max {
            guard let frames = try socket.receiveMessage(timeout: Self.patience) else {
                if !isSilent {
                    self.say("the daemon is silent; waiting for it")
                    isSilent = true
                }
                if let current = self.currentEndpoint, current != endpoint {
                    endpoint = current
                    socket = try self.subscribe(in: context, to: endpoint)
                }
                continue
            }
            if isSilent {
                self.say("the daemon is heard again")
                isSilent = false
            }
            guard let header = frames.header, frames[0].text?.hasPrefix("alert/") == true else { continue }
            let change = changes.take(topic: frames[0].text ?? "", header)
            if change.missedCount > 0 {
                self.say("\(change.missedCount) changes were missed; asking for what is current")
                try socket.unsubscribe(self.prefix)
                try socket.subscribe(self.prefix)
            }
            if change.isNotable || self.options.json && change.isNew {
                changes.printedCount += 1
                self.print(header)
            }
        }
    }

    private var prefix: String { self.run.map { "alert/\($0)/" } ?? "alert/" }

    private func subscribe(in context: Context, to endpoint: String) throws -> Socket {
        let socket = try Socket(.sub, in: context)
        try socket.connect(endpoint)
        try socket.subscribe(self.prefix)
        try socket.subscribe(Topic.heartbeat.description)
        return socket
    }

    /// The endpoint of the daemon that answers now, `nil` where none does.
    private var currentEndpoint: String? {
        guard let client = try? ControlClient(endpoint: self.options.endpoint, context: Context()) else { return nil }
        return (try? client.request("status", [:]))?.result.publishEndpoint
    }

    private func print(_ alert: JSONObject) {
        let line =
            self.options.json
            ? JSONValue.object(alert).text : AlertLine(alert).text(isColoured: Terminal().isTerminal)
        FileHandle.standardOutput.write(Data("\(line)\n".utf8))
    }

    private func say(_ sentence: String) {
        FileHandle.standardError.write(Data("livecka: \(sentence)\n".utf8))
    }
}

/// Which messages about alerts are news.
struct AlertChanges {
    /// What a message is.
    struct Change {
        /// Whether it has not been seen before.
        var isNew = false
        /// Whether a person wants to know: it says more than newer figures.
        var isNotable = false
        /// How many messages of its topic were lost before it.
        var missedCount = 0
    }

    private struct Seen {
        var epoch: Int
        var seq: Int
        var revision: Int
        var notable: [JSONValue?]
    }

    /// How many lines were printed.
    var printedCount = 0

    private let start: Double
    private var seen: [String: Seen] = [:]

    /// Begins to follow; what was over before is no news.
    init(since start: Double) {
        self.start = start
    }

    /// Takes a message.
    mutating func take(topic: String, _ alert: JSONObject) -> Change {
        guard let epoch = alert["epoch"]?.exactInteger, let seq = alert["seq"]?.exactInteger,
            let revision = alert["revision"]?.exactInteger
        else { return Change() }
        let notable =
            ["state", "kind", "severity", "data", "incident"].map { alert[$0] } + [
                alert["layers"]?.object["first"], alert["layers"]?.object["last"],
            ]
        let last = self.seen[topic]
        if let last, last.epoch == epoch, seq <= last.seq { return Change() }
        self.seen[topic] = Seen(epoch: epoch, seq: seq, revision: revision, notable: notable)
        var change = Change()
        if let last, last.epoch == epoch {
            change.missedCount = seq - last.seq - 1
        }
        let isActive = alert["state"] == "pending" || alert["state"] == "firing"
        if let last {
            change.isNew = revision != last.revision
            change.isNotable = change.isNew && notable != last.notable
        } else {
            change.isNew = isActive || alert["updated_at"]?.double ?? 0 >= self.start
            change.isNotable = change.isNew
        }
        if alert["state"] == "inactive" {
            // It came to nothing, and its topic with it.
            self.seen[topic] = nil
        }
        return change
    }
}

extension JSONValue {
    /// Where a daemon publishes, by its answer to `status`.
    fileprivate var publishEndpoint: String? {
        self.object["endpoints"]?.object["publish"]?.string
    }
}

extension [Frame] {
    /// The header of a published message.
    fileprivate var header: JSONObject? {
        guard self.count > 1, let header = unsafe try? JSONValue(parsing: self[1].bytes.span.bytes) else { return nil }
        return header.object
    }
}
