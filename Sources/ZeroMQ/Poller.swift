internal import CZeroMQ
internal import Glibc

/// Waits until one of several sockets or file descriptors can be read.
///
/// A poller retains its sockets: one that shall close is removed first. Like them it belongs to one thread at a time.
@safe
public final class Poller {
    /// What libzmq polls.
    private var items: [zmq_pollitem_t] = unsafe []

    /// The socket of each item, `nil` for a file descriptor; as many as there are items.
    private var sockets: [Socket?] = []

    /// Creates a poller that waits for nothing yet.
    public init() {}

    /// Waits for a socket too.
    ///
    /// - Precondition: The poller does not wait for it already.
    public func add(_ socket: Socket) {
        precondition(!self.sockets.contains { $0 === socket }, "The poller waits for this socket already")
        unsafe self.items.append(zmq_pollitem_t(socket: socket.handle, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0))
        self.sockets.append(socket)
    }

    /// Waits for a file descriptor too, such as that of an event or of a listening socket.
    ///
    /// The descriptor stays the caller's, who keeps it open as long as the poller waits for it.
    public func add(fileDescriptor: Int32) {
        unsafe self.items.append(zmq_pollitem_t(socket: nil, fd: fileDescriptor, events: Int16(ZMQ_POLLIN), revents: 0))
        self.sockets.append(nil)
    }

    /// Waits for a socket no longer.
    public func remove(_ socket: Socket) {
        self.remove { index in self.sockets[index] === socket }
    }

    /// Waits for a file descriptor no longer.
    public func remove(fileDescriptor: Int32) {
        self.remove { index in self.sockets[index] == nil && (unsafe self.items[index].fd) == fileDescriptor }
    }

    /// Waits until something can be read.
    ///
    /// - Parameter timeout: How long to wait; `.zero` only looks, `nil` waits for as long as it takes.
    /// - Returns: What can be read, empty where the time is over.
    /// - Throws: ``ZeroMQError``, with ``ZeroMQError/isContextShutDown`` once the context of a socket is shut down, also
    ///   while waiting.
    /// - Precondition: There is something to wait for, or the wait has an end.
    /// - Complexity: O(*n*) in the sockets and descriptors.
    public func wait(timeout: Duration?) throws(ZeroMQError) -> Readiness {
        precondition(!self.sockets.isEmpty || timeout != nil, "Nothing could ever end this wait")
        let deadline = timeout.map { ContinuousClock.now + $0 }
        let count = unsafe try poll(&self.items, until: deadline)
        var readiness = Readiness()
        guard count > 0 else {
            return readiness
        }
        for index in unsafe self.items.indices where unsafe self.items[index].revents != 0 {
            if let socket = self.sockets[index] {
                readiness.sockets.append(socket)
            } else {
                readiness.fileDescriptors.append(unsafe self.items[index].fd)
            }
        }
        return readiness
    }

    private func remove(where isRemoved: (Int) -> Bool) {
        for index in self.sockets.indices.reversed() where isRemoved(index) {
            unsafe self.items.remove(at: index)
            self.sockets.remove(at: index)
        }
    }
}

/// What a ``Poller`` found to be readable.
public struct Readiness {
    /// The sockets that have a message.
    public internal(set) var sockets: [Socket] = []

    /// The file descriptors that can be read, or that have an error which reading shows.
    public internal(set) var fileDescriptors: [Int32] = []

    /// Whether nothing can be read.
    public var isEmpty: Bool {
        self.sockets.isEmpty && self.fileDescriptors.isEmpty
    }

    /// Whether a socket has a message.
    public func contains(_ socket: Socket) -> Bool {
        self.sockets.contains { $0 === socket }
    }

    /// Whether a file descriptor can be read.
    public func contains(fileDescriptor: Int32) -> Bool {
        self.fileDescriptors.contains(fileDescriptor)
    }
}

/// Waits until one of the items is ready, or until `deadline`; `nil` is never.
///
/// - Returns: How many items are ready, zero where the time is over.
func poll(
    _ items: inout [zmq_pollitem_t],
    until deadline: ContinuousClock.Instant?
) throws(ZeroMQError) -> Int {
    while true {
        let remaining = deadline.map { ContinuousClock.now.duration(to: $0).wholeMilliseconds } ?? -1
        // SAFETY: libzmq reads and writes `items.count` items, whose sockets the caller keeps open.
        let count = unsafe zmq_poll(&items, Int32(items.count), remaining)
        if count > 0 || (count == 0 && remaining == 0) {
            return Int(count)
        }
        if count < 0 && zmq_errno() != EINTR {
            throw .last(.poll)
        }
    }
}

extension Duration {
    /// The milliseconds, rounded up so that a wait never ends early, and between zero and what 32 bits hold.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = min(max(self, .zero), .milliseconds(Int32.max)).components
        let perMillisecond: Int64 = 1_000_000_000_000_000
        return Int(seconds * 1000 + (attoseconds + perMillisecond - 1) / perMillisecond)
    }
}
