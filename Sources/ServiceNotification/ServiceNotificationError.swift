import Glibc

/// Why the service manager could not be told.
public enum ServiceNotificationError: Error, Hashable, Sendable {
    /// `$NOTIFY_SOCKET` is neither an absolute path nor `@name`, or longer than a socket's address has room for.
    case invalidSocketName(String)
    /// The system refused, with an error number such as `ECONNREFUSED`.
    case system(code: CInt)
}

extension ServiceNotificationError: CustomStringConvertible {
    /// A sentence with the reason.
    public var description: String {
        switch self {
        case .invalidSocketName(let name):
            "NOTIFY_SOCKET names no socket: \"\(name)\" is not an absolute path or @name of at most 107 bytes"
        case .system(let code):
            // SAFETY: `strerror` returns a terminated string, which is copied before any other call.
            "The service manager could not be told: \(unsafe String(cString: strerror(code)))"
        }
    }
}
