internal import WireFormat

/// One emitter process of a run, as far as it has been heard.
struct Session: Sendable {
    /// Where a session's messages come from: a bound socket, or an endpoint that was attached to.
    let source: SourceID

    /// Tells this session from one of the same name after a detach and a new attach.
    let incarnation: Int

    /// What became of its numbers.
    var ledger = SessionLedger()

    /// When it was last heard.
    var lastHeard: Duration

    /// Whether it has said bye.
    var hasEnded = false

    /// The layers of its last batch that fitted the run, in order.
    var layers: [String]?

    /// The layers of a batch that came since and did not agree with another session's, in order.
    var refusedLayers: [String]?

    /// The seconds between signs of life that it promised.
    var heartbeat: Double?

    /// The name and version of its client.
    var client: String?

    /// Whether it may still be sending.
    ///
    /// A session that promised a heartbeat is given up after three of them, so that a run that was
    /// killed and started again with other layers is not held to the dead process's list for long.
    func isActive(now: Duration, staleAfter: Duration) -> Bool {
        guard !self.hasEnded else { return false }
        // An emitter may promise any number of seconds, and a duration cannot hold them all.
        let promised = min(3 * max(self.heartbeat ?? .infinity, 1), 1e9)
        return now - self.lastHeard < min(staleAfter, .seconds(promised))
    }
}

/// A place that messages come from, such as `tcp://127.0.0.1:5571`.
public struct SourceID: Hashable, Sendable, CustomStringConvertible {
    /// The endpoint as the settings or the command named it.
    public let endpoint: String

    /// Creates an identifier.
    public init(endpoint: String) {
        self.endpoint = endpoint
    }

    /// The endpoint.
    public var description: String {
        self.endpoint
    }
}
