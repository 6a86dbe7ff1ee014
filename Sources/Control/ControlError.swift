internal import Glibc

/// Why the daemon cannot be controlled.
public enum ControlError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The endpoint is not one that only this user can reach.
    case unacceptableEndpoint(String)
    /// The path of the socket is longer than the system allows.
    case pathTooLong(path: String, limit: Int)
    /// A file or a directory could not be made.
    case fileNotMade(path: String, code: Int32)
    /// Others than this user could put a socket of their own in the place.
    case unsafeDirectory(String)
    /// Another daemon has the endpoint.
    case alreadyRunning(endpoint: String)

    /// A sentence that says what is wrong and what to do.
    public var description: String {
        switch self {
        case .unacceptableEndpoint(let endpoint):
            "control.bind \(endpoint) is not possible: use ipc:///PATH; tcp is refused until it can be authenticated"
        case .pathTooLong(let path, let limit):
            "the control socket's path has \(path.utf8.count) bytes and may have \(limit): \(path); set control.bind to a shorter one"
        case .fileNotMade(let path, let code):
            // SAFETY: glibc's `strerror` returns a terminated string for every code, and it is copied at once.
            "cannot make \(path): \(unsafe String(cString: strerror(code))); set control.bind to a place where you may write"
        case .unsafeDirectory(let path):
            "\(path) can be written by others, who could pose as the daemon; `chmod go-w` it, or set control.bind to another"
        case .alreadyRunning(let endpoint):
            "another livecka already runs with control endpoint \(endpoint); stop it, or give this one its own control.bind"
        }
    }
}
