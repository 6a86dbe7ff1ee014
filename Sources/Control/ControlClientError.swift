/// Why a daemon did not do what it was asked.
public enum ControlClientError: Error, Hashable, Sendable, CustomStringConvertible {
    /// No daemon listens at the endpoint.
    case unreachable(endpoint: String)
    /// The daemon did not answer in time.
    case silent(endpoint: String)
    /// The daemon's answer makes no sense.
    case unreadable(endpoint: String)
    /// The daemon said why not.
    case refused(code: String, message: String)

    /// A sentence that says what is wrong and what to do.
    public var description: String {
        switch self {
        case .unreachable(let endpoint):
            "no livecka daemon at \(endpoint); start one with `livecka serve`, or name another with --control"
        case .silent(let endpoint):
            "the livecka daemon at \(endpoint) does not answer; it may be stopped or overloaded"
        case .unreadable(let endpoint):
            "what answers at \(endpoint) is not a livecka daemon of this version"
        case .refused(_, let message):
            message
        }
    }

    /// Whether no daemon could be reached at all.
    public var isUnreachable: Bool {
        switch self {
        case .unreachable, .silent: true
        case .unreadable, .refused: false
        }
    }
}
