internal import CZeroMQ
internal import Glibc

/// What a socket does with messages.
public enum SocketType: Hashable, Sendable, CaseIterable {
    case sub, pub, xpub, router, dealer, req, rep, pair
}

/// A ZeroMQ socket.
///
/// A socket belongs to one thread at a time, so the class is not `Sendable`: the compiler refuses to use one from two
/// threads, but lets a thread that has set a socket up hand it over to another for good.
///
/// The socket closes when its last reference goes, on the thread where that happens; messages that still wait are sent
/// for as long as ``SocketOptions/linger`` grants. It retains its ``Context``, which therefore outlives it.
@safe
public final class Socket {
    /// libzmq's socket.
    let handle: UnsafeMutableRawPointer

    /// Retained so that the context is terminated only once this socket is closed.
    let context: Context

    /// Opens a socket.
    ///
    /// - Throws: ``ZeroMQError`` where the context is shut down or has no socket left, or where an option, such as a
    ///   key, is not acceptable.
    public init(
        _ type: SocketType,
        in context: Context,
        options: SocketOptions = SocketOptions()
    ) throws(ZeroMQError) {
        guard let handle = unsafe zmq_socket(context.handle, type.number) else {
            throw .last(.openSocket)
        }
        unsafe self.handle = handle
        self.context = context
        try self.apply(options, to: type)
    }

    deinit {
        // SAFETY: nobody else can use the handle any more, and the context is still open.
        unsafe zmq_close(self.handle)
    }
}

// MARK: Endpoints

extension Socket {
    /// Starts to listen at an endpoint.
    ///
    /// - Parameter endpoint: Such as `tcp://127.0.0.1:5571`, `tcp://127.0.0.1:*` for any free port, `ipc:///run/x.sock`
    ///   or `inproc://name`. A second socket that binds one `ipc` path takes it over silently.
    /// - Returns: The endpoint with its wildcards resolved.
    /// - Throws: ``ZeroMQError``, with ``ZeroMQError/isAddressInUse`` where somebody else listens there.
    @discardableResult
    public func bind(_ endpoint: String) throws(ZeroMQError) -> String {
        try self.check(unsafe zmq_bind(self.handle, endpoint), .bind, endpoint)
        return try self.lastEndpoint
    }

    /// Stops listening at an endpoint, spelled as ``bind(_:)`` returned it.
    ///
    /// - Throws: ``ZeroMQError``, with ``ZeroMQError/isUnknownEndpoint`` where the socket does not listen there.
    public func unbind(_ endpoint: String) throws(ZeroMQError) {
        try self.check(unsafe zmq_unbind(self.handle, endpoint), .unbind, endpoint)
    }

    /// Starts to connect to an endpoint, and to connect again whenever the connection is lost.
    ///
    /// Returns at once: that nobody listens there is no error, it may change.
    ///
    /// - Throws: ``ZeroMQError`` where the endpoint's text is not acceptable.
    public func connect(_ endpoint: String) throws(ZeroMQError) {
        try self.check(unsafe zmq_connect(self.handle, endpoint), .connect, endpoint)
    }

    /// Ends the connection to an endpoint, spelled as for ``connect(_:)``.
    ///
    /// - Throws: ``ZeroMQError``, with ``ZeroMQError/isUnknownEndpoint`` where the socket does not connect there.
    public func disconnect(_ endpoint: String) throws(ZeroMQError) {
        try self.check(unsafe zmq_disconnect(self.handle, endpoint), .disconnect, endpoint)
    }

    /// The endpoint last bound or connected to, with its wildcards resolved, or an empty text.
    public var lastEndpoint: String {
        get throws(ZeroMQError) {
            // An endpoint is at most the scheme and a path of 108 bytes, or a host name of 255 and a port.
            var buffer = [UInt8](repeating: 0, count: 1024)
            var count = buffer.count
            let status = unsafe buffer.withUnsafeMutableBytes { room in
                // SAFETY: libzmq writes at most `count` bytes and leaves there how many it wrote.
                unsafe zmq_getsockopt(self.handle, ZMQ_LAST_ENDPOINT, room.baseAddress, &count)
            }
            try self.check(status, .readEndpoint)
            return String(decoding: buffer.prefix(count).prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}

// MARK: Subscriptions

extension Socket {
    /// Makes a SUB socket receive the messages whose first frame begins with `prefix`.
    ///
    /// Subscriptions count: two of one prefix need two calls of ``unsubscribe(_:)-([UInt8])``.
    public func subscribe(_ prefix: [UInt8]) throws(ZeroMQError) {
        try self.check(unsafe zmq_setsockopt(self.handle, ZMQ_SUBSCRIBE, prefix, prefix.count), .subscribe)
    }

    /// Makes a SUB socket receive the messages whose first frame begins with the UTF-8 bytes of `prefix`.
    public func subscribe(_ prefix: String) throws(ZeroMQError) {
        try self.subscribe(Array(prefix.utf8))
    }

    /// Takes one subscription back, where there is one.
    public func unsubscribe(_ prefix: [UInt8]) throws(ZeroMQError) {
        try self.check(unsafe zmq_setsockopt(self.handle, ZMQ_UNSUBSCRIBE, prefix, prefix.count), .unsubscribe)
    }

    /// Takes one subscription back, where there is one.
    public func unsubscribe(_ prefix: String) throws(ZeroMQError) {
        try self.unsubscribe(Array(prefix.utf8))
    }
}

// MARK: Messages

extension Socket {
    /// Receives the next message where one waits.
    ///
    /// - Returns: All frames of the message, at least one, or `nil` where nothing waits.
    /// - Throws: ``ZeroMQError``, with ``ZeroMQError/isContextShutDown`` once the context is shut down.
    public func receiveMessage() throws(ZeroMQError) -> [Frame]? {
        guard let first = try self.receiveFrame(flags: ZMQ_DONTWAIT) else {
            return nil
        }
        var frames = [first]
        // libzmq hands a message over only once it has all of it, so the other frames need no waiting.
        while frames[frames.count - 1].isFollowed {
            if let next = try self.receiveFrame(flags: 0) {
                frames.append(next)
            }
        }
        return frames
    }

    /// Receives the next message, waiting for one.
    ///
    /// - Parameter timeout: How long to wait; `nil` waits for as long as it takes.
    /// - Returns: All frames of the message, at least one, or `nil` where the time is over.
    /// - Throws: ``ZeroMQError``, with ``ZeroMQError/isContextShutDown`` once the context is shut down, also while
    ///   waiting.
    public func receiveMessage(timeout: Duration?) throws(ZeroMQError) -> [Frame]? {
        var items = unsafe [zmq_pollitem_t(socket: self.handle, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0)]
        let deadline = timeout.map { ContinuousClock.now + $0 }
        repeat {
            if let message = try self.receiveMessage() {
                return message
            }
        } while unsafe try poll(&items, until: deadline) > 0
        return nil
    }

    /// Sends a message, without waiting.
    ///
    /// The message goes out whole or not at all.
    ///
    /// - Returns: `false`, and nothing is sent, where the socket's queue is full or it has no peer to queue for.
    /// - Throws: ``ZeroMQError``, with ``ZeroMQError/isUnroutable`` where a mandatory ROUTER does not know the peer, or
    ///   ``ZeroMQError/isContextShutDown`` once the context is shut down.
    /// - Precondition: There is at least one frame.
    public func send(_ frames: [Frame]) throws(ZeroMQError) -> Bool {
        precondition(!frames.isEmpty, "A message has at least one frame")
        var isTaken = true
        for (index, frame) in frames.enumerated() {
            let isLast = index == frames.count - 1
            let isSent = try self.send(frame, flags: ZMQ_DONTWAIT | (isLast ? 0 : ZMQ_SNDMORE))
            if !isSent {
                isTaken = false
                // The queue is full: nothing has gone in. Later on the peer has gone: libzmq has taken back what went
                // in and discards the rest, which it must still see to know where the message ends.
                if index == 0 { break }
            }
        }
        return isTaken
    }

    /// Sends one frame.
    ///
    /// - Returns: `false` where it would have to wait.
    private func send(_ frame: Frame, flags: Int32) throws(ZeroMQError) -> Bool {
        while true {
            switch unsafe frame.send(to: self.handle, flags: flags) {
            case 0: return true
            case EAGAIN: return false
            case EINTR: continue
            case let code: throw ZeroMQError(operation: .send, code: code)
            }
        }
    }

    /// Receives one frame.
    ///
    /// - Returns: The frame, or `nil` where it would have to wait.
    private func receiveFrame(flags: Int32) throws(ZeroMQError) -> Frame? {
        while true {
            do {
                return try unsafe Frame(receivingFrom: self.handle, flags: flags)
            } catch  where error.code == EAGAIN {
                return nil
            } catch  where error.code == EINTR {
                continue
            }
        }
    }

    /// Throws libzmq's last error where `status` says that a call failed.
    private func check(
        _ status: Int32,
        _ operation: ZeroMQError.Operation,
        _ subject: String? = nil
    ) throws(ZeroMQError) {
        guard status == 0 else {
            throw .last(operation, subject)
        }
    }
}

extension SocketType {
    /// libzmq's number of this type.
    fileprivate var number: Int32 {
        switch self {
        case .sub: ZMQ_SUB
        case .pub: ZMQ_PUB
        case .xpub: ZMQ_XPUB
        case .router: ZMQ_ROUTER
        case .dealer: ZMQ_DEALER
        case .req: ZMQ_REQ
        case .rep: ZMQ_REP
        case .pair: ZMQ_PAIR
        }
    }
}
