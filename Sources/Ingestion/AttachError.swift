/// Why the daemon cannot start or stop listening to an endpoint.
public enum AttachError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Nothing can be heard at the endpoint.
    case unacceptable(endpoint: String, reason: String)
    /// The daemon does not listen to the endpoint.
    case notAttached(endpoint: String)
    /// The daemon is stopping.
    case stopping

    /// A sentence that says what is wrong and what would be right.
    public var description: String {
        switch self {
        case .unacceptable(let endpoint, let reason):
            "cannot attach to \(endpoint): \(reason)"
        case .notAttached(let endpoint):
            "not attached to \(endpoint); `livecka status` lists the endpoints"
        case .stopping:
            "the daemon is stopping"
        }
    }
}
