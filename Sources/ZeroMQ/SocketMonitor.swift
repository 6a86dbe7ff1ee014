internal import CZeroMQ
internal import Synchronization

/// Tells what happens to the connections of one socket.
///
/// Put ``socket`` into a ``Poller`` and call ``nextEvent()`` until it returns `nil`. Events must be read: libzmq's own
/// thread hands them over, and it waits where some two thousand have piled up.
///
/// A monitor belongs to the thread of the socket that it watches, and retains that socket. When the monitor goes, the
/// watching ends first and only then may the watched socket close.
@safe
public final class SocketMonitor {
    /// The socket that is readable when there are events, for polling only.
    public let socket: Socket

    private let watched: Socket

    /// Begins to watch a socket.
    ///
    /// - Throws: ``ZeroMQError`` where the context is shut down or has no socket left.
    /// - Precondition: The socket has no other monitor: libzmq would silence that one.
    public init(of watched: Socket) throws(ZeroMQError) {
        let number = Self.monitorCount.add(1, ordering: .relaxed).newValue
        let endpoint = "inproc://socket-monitor-\(number)"
        self.socket = try Socket(.pair, in: watched.context)
        self.watched = watched
        // SAFETY: the watched socket is open and belongs to this thread.
        guard unsafe zmq_socket_monitor(watched.handle, endpoint, ZMQ_EVENT_ALL) == 0 else {
            throw .last(.monitor)
        }
        try self.socket.connect(endpoint)
    }

    deinit {
        // libzmq says farewell over the queue of events and would wait for ever where that is full, so it is emptied
        // first; an error means that the context is shut down and nothing is left to empty.
        while case .some = try? self.socket.receiveMessage() {}
        // SAFETY: the watched socket is open, because this monitor retains it.
        unsafe zmq_socket_monitor(self.watched.handle, nil, 0)
    }

    /// What happened to a connection, and where.
    public struct Event: Hashable, Sendable {
        /// What happened.
        public let kind: Kind

        /// The endpoint that it happened to.
        public let endpoint: String
    }

    /// What happened to a connection.
    public enum Kind: Hashable, Sendable {
        /// A connection that this socket asked for stands.
        case connected
        /// A connection was asked for and takes its time.
        case connectDelayed
        /// A connection failed and is tried again after this time.
        case connectRetried(after: Duration)
        /// The socket listens.
        case listening
        /// The socket could not listen, with the system's error number.
        case bindFailed(code: Int32)
        /// A connection that a peer asked for stands.
        case accepted
        /// A peer's connection could not be accepted, with the system's error number.
        case acceptFailed(code: Int32)
        /// The socket listens no longer, or has given a connection up.
        case closed
        /// A connection could not be closed, with the system's error number.
        case closeFailed(code: Int32)
        /// A connection was lost; ``Frame/connection`` of its messages was this descriptor.
        case disconnected(connection: Int32)
        /// Both sides have introduced themselves, and messages can flow.
        case handshakeSucceeded
        /// The connection ended before both sides had introduced themselves.
        case handshakeFailed(HandshakeFailure)
    }

    /// Why two sides did not come to terms.
    public enum HandshakeFailure: Hashable, Sendable {
        /// The connection broke, with the system's error number.
        case connectionBroke(code: Int32)
        /// The peer does not speak ZeroMQ's protocol, or has other security; the number is libzmq's.
        case protocolViolated(code: Int32)
        /// The peer was not let in, with the status that ZeroMQ RFC 27 defines: 300, 400 or 500.
        case refused(status: Int)
    }

    /// The next event, or `nil` where none waits.
    ///
    /// - Throws: ``ZeroMQError``, with ``ZeroMQError/isContextShutDown`` once the context is shut down.
    public func nextEvent() throws(ZeroMQError) -> Event? {
        while let message = try self.socket.receiveMessage() {
            if let event = Event(message) {
                return event
            }
        }
        return nil
    }

    /// How many monitors there have been, which keeps their endpoints apart.
    private static let monitorCount = Atomic<Int>(0)
}

extension SocketMonitor.Event {
    /// Reads an event: a frame of 16 bits of kind and 32 bits of value, in this machine's order, and one of endpoint.
    ///
    /// - Returns: `nil` for kinds that carry no news.
    fileprivate init?(_ message: [Frame]) {
        guard message.count == 2, message[0].byteCount == 6 else { return nil }
        let (number, value) = message[0].withBytes { bytes in
            (
                Int32(unsafe bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt16.self)),
                unsafe bytes.unsafeLoadUnaligned(fromByteOffset: 2, as: Int32.self)
            )
        }
        guard let kind = SocketMonitor.Kind(number: number, value: value) else { return nil }
        self.kind = kind
        self.endpoint = message[1].text ?? ""
    }
}

extension SocketMonitor.Kind {
    /// The kind that libzmq numbers so, `nil` for one that carries no news.
    fileprivate init?(number: Int32, value: Int32) {
        switch number {
        case ZMQ_EVENT_CONNECTED: self = .connected
        case ZMQ_EVENT_CONNECT_DELAYED: self = .connectDelayed
        case ZMQ_EVENT_CONNECT_RETRIED: self = .connectRetried(after: .milliseconds(value))
        case ZMQ_EVENT_LISTENING: self = .listening
        case ZMQ_EVENT_BIND_FAILED: self = .bindFailed(code: value)
        case ZMQ_EVENT_ACCEPTED: self = .accepted
        case ZMQ_EVENT_ACCEPT_FAILED: self = .acceptFailed(code: value)
        case ZMQ_EVENT_CLOSED: self = .closed
        case ZMQ_EVENT_CLOSE_FAILED: self = .closeFailed(code: value)
        case ZMQ_EVENT_DISCONNECTED: self = .disconnected(connection: value)
        case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: self = .handshakeSucceeded
        case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: self = .handshakeFailed(.connectionBroke(code: value))
        case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: self = .handshakeFailed(.protocolViolated(code: value))
        case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: self = .handshakeFailed(.refused(status: Int(value)))
        default: return nil
        }
    }
}
