internal import CZeroMQ
internal import Glibc

/// An error that libzmq reported.
///
/// What is no error does not come as one: a call that would have to wait says so with `nil` or `false`, and a call that
/// a signal interrupted is repeated.
public struct ZeroMQError: Error, Hashable, Sendable {
    /// The call that failed.
    public enum Operation: String, Sendable {
        case openContext = "open a context"
        case openSocket = "open a socket"
        case setOption = "set"
        case readEndpoint = "read back the endpoint"
        case bind = "bind"
        case unbind = "unbind"
        case connect = "connect to"
        case disconnect = "disconnect from"
        case subscribe = "subscribe"
        case unsubscribe = "unsubscribe"
        case receive = "receive"
        case send = "send"
        case poll = "poll"
        case monitor = "monitor a socket"
        case makeKeys = "make a key pair"
        case allow = "allow the CURVE key"
    }

    /// The call that failed.
    public let operation: Operation

    /// What the call was about, an endpoint or an option, where there is such a thing.
    public let subject: String?

    /// The error number that libzmq left, such as `EADDRINUSE`.
    public let code: Int32

    /// Creates an error about `subject` with a known error number.
    init(operation: Operation, subject: String? = nil, code: Int32) {
        self.operation = operation
        self.subject = subject
        self.code = code
    }

    /// Creates an error from the calling thread's current libzmq error number.
    static func last(_ operation: Operation, _ subject: String? = nil) -> Self {
        Self(operation: operation, subject: subject, code: zmq_errno())
    }
}

extension ZeroMQError {
    /// Whether another socket holds the endpoint.
    public var isAddressInUse: Bool { self.code == EADDRINUSE }

    /// Whether the context was shut down: the thread that sees this closes its sockets and returns.
    public var isContextShutDown: Bool { self.code == CZeroMQ.ETERM }

    /// Whether a router that insists on delivery knows no peer of that identity.
    public var isUnroutable: Bool { self.code == EHOSTUNREACH }

    /// Whether the endpoint is not one that the socket is bound or connected to.
    public var isUnknownEndpoint: Bool {
        (self.operation == .unbind || self.operation == .disconnect) && self.code == ENOENT
    }
}

extension ZeroMQError: CustomStringConvertible {
    /// A sentence that names the failed call, what it was about, and libzmq's reason.
    public var description: String {
        let subject = self.subject.map { " \($0)" } ?? ""
        return "ZeroMQ could not \(self.operation.rawValue)\(subject): \(self.reason)"
    }

    /// The system's or libzmq's text for the error number, or a better one where that would mislead.
    private var reason: String {
        switch (self.operation, self.code) {
        case (.unbind, ENOENT): return "The socket does not listen there"
        case (.disconnect, ENOENT): return "The socket does not connect there"
        case (.send, EHOSTUNREACH): return "No peer has that identity"
        default:
            // SAFETY: `zmq_strerror` returns a terminated string for every code, and it is copied at once.
            return unsafe String(cString: zmq_strerror(self.code))
        }
    }
}
