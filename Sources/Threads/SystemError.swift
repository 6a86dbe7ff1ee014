internal import Glibc

/// An error that the operating system reported about a thread or an event descriptor.
public struct SystemError: Error, Hashable, Sendable {
    /// What was attempted.
    public enum Operation: String, Sendable {
        case startThread = "start a thread"
        case createWakeUp = "create an event descriptor"
    }

    /// What was attempted.
    public let operation: Operation

    /// The error number, such as `EMFILE`.
    public let code: Int32
}

extension SystemError: CustomStringConvertible {
    /// A sentence that names the failed call and the system's reason.
    public var description: String {
        // SAFETY: glibc's `strerror` returns a terminated string for every code, and it is copied at once.
        let reason = unsafe String(cString: strerror(self.code))
        return "The system could not \(self.operation.rawValue): \(reason)"
    }
}
