/// The topic of a published message.
public struct Topic: Hashable, Sendable, CustomStringConvertible {
    /// The text, which is the message's first frame.
    public let description: String

    /// The matrices of a window.
    public static func matrix(run: RunID, window: String) -> Topic {
        Topic(description: "cka/\(run)/\(window)/")
    }

    /// The first components of a window's batches.
    public static func firstComponents(run: RunID, window: String) -> Topic {
        Topic(description: "pc1/\(run)/\(window)/")
    }

    /// An alert.
    public static func alert(run: RunID, rule: String, fingerprint: String) -> Topic {
        Topic(description: "alert/\(run)/\(rule)/\(fingerprint)/")
    }

    /// What happens to a run, or to the daemon where no run is known.
    public static func event(run: RunID?) -> Topic {
        Topic(description: "event/\(run?.name ?? "")/")
    }

    /// A sign of life, every second.
    public static let heartbeat = Topic(description: "heartbeat/")
}
