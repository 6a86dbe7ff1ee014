internal import CZeroMQ

/// One part of a ZeroMQ message, received or to be sent: bytes that never change.
///
/// A received frame keeps the buffer that libzmq read it into, so nothing is copied; a frame of one's own copies its
/// bytes once, and however often it is sent, to however many peers, libzmq reads them from here.
///
/// A frame may outlive the socket that received it and the context too: libzmq's messages own their bytes through a
/// reference count and know neither. What it costs: one of 33 bytes to 8 KiB keeps alive the whole buffer of some
/// 18 KiB that it was read with, so whoever keeps small frames for long copies their ``bytes``.
///
/// The `zmq_msg_t` sits at a fixed address because libzmq stores short messages inside the struct itself: moving the
/// struct would move the bytes.
@safe
public final class Frame: @unchecked Sendable /* immutable after init; the last release frees it, on any thread */ {
    /// libzmq's message.
    private let message: UnsafeMutablePointer<zmq_msg_t>

    /// Receives the next frame from `socket`.
    ///
    /// - Parameters:
    ///   - socket: An open libzmq socket that belongs to this thread.
    ///   - flags: `ZMQ_DONTWAIT` or zero.
    /// - Throws: ``ZeroMQError``, with `EAGAIN` where nothing waits and the flags forbid to.
    init(receivingFrom socket: UnsafeMutableRawPointer, flags: Int32) throws(ZeroMQError) {
        unsafe self.message = .allocate(capacity: 1)
        unsafe self.message.initialize(to: zmq_msg_t())
        unsafe zmq_msg_init(self.message)
        // SAFETY: the message is initialized, and the caller owns the socket.
        guard unsafe zmq_msg_recv(self.message, socket, flags) >= 0 else {
            throw .last(.receive)
        }
    }

    /// Creates a frame that holds a copy of `bytes`.
    ///
    /// - Complexity: O(*byteCount*).
    public init(copying bytes: RawSpan) {
        unsafe self.message = .allocate(capacity: 1)
        unsafe self.message.initialize(to: zmq_msg_t())
        let status = unsafe zmq_msg_init_size(self.message, bytes.byteCount)
        precondition(status == 0, "No memory for a frame of \(bytes.byteCount) bytes")
        // SAFETY: libzmq has just made room for exactly that many bytes.
        let room = unsafe UnsafeMutableRawBufferPointer(start: zmq_msg_data(self.message), count: bytes.byteCount)
        unsafe bytes.withUnsafeBytes { unsafe room.copyMemory(from: $0) }
    }

    deinit {
        unsafe zmq_msg_close(self.message)
        unsafe self.message.deallocate()
    }

    /// How many bytes the frame has.
    public var byteCount: Int {
        unsafe zmq_msg_size(self.message)
    }

    /// Calls a closure with the frame's bytes, which are valid only during the call.
    public func withBytes<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // SAFETY: `self` owns the buffer and outlives `body`; a RawSpan cannot escape it.
        let count = self.byteCount
        guard count > 0, let start = unsafe zmq_msg_data(self.message) else {
            return try body(RawSpan())
        }
        return try unsafe body(RawSpan(_unsafeStart: start, byteCount: count))
    }

    /// The descriptor of the connection that the frame came over, `nil` where it came over none.
    ///
    /// Two connections that stand at one time have different ones; once a connection has ended, another may get its.
    public var connection: Int32? {
        // SAFETY: the message is initialized.
        let descriptor = unsafe zmq_msg_get(self.message, ZMQ_SRCFD)
        return descriptor < 0 ? nil : descriptor
    }

    /// Whether more frames of the same message follow.
    var isFollowed: Bool {
        unsafe zmq_msg_more(self.message) != 0
    }

    /// Sends the bytes of this frame as one part of a message.
    ///
    /// - Parameters:
    ///   - socket: An open libzmq socket that belongs to this thread.
    ///   - flags: `ZMQ_DONTWAIT`, `ZMQ_SNDMORE`, both or zero.
    /// - Returns: Zero, or libzmq's error number.
    func send(to socket: UnsafeMutableRawPointer, flags: Int32) -> Int32 {
        var part = zmq_msg_t()
        unsafe self.initializeMessage(&part)
        // SAFETY: libzmq takes the message over where it succeeds; otherwise it is closed here.
        guard unsafe zmq_msg_send(&part, socket, flags) >= 0 else {
            let code = zmq_errno()
            unsafe zmq_msg_close(&part)
            return code
        }
        return 0
    }

    /// Makes a message that libzmq can take over: of the same bytes where they are many, of a copy where they are few.
    private func initializeMessage(_ part: UnsafeMutablePointer<zmq_msg_t>) {
        let count = self.byteCount
        let start = unsafe zmq_msg_data(self.message)
        guard count > Self.largestCopiedByteCount else {
            let status = unsafe zmq_msg_init_size(part, count)
            precondition(status == 0, "No memory for a frame of \(count) bytes")
            let room = unsafe UnsafeMutableRawBufferPointer(start: zmq_msg_data(part), count: count)
            unsafe room.copyMemory(from: UnsafeRawBufferPointer(start: start, count: count))
            return
        }
        // SAFETY: the message retains this frame, and with it the bytes, until libzmq has sent them. It then calls the
        // closure once, on a thread of its own. `zmq_msg_copy` would do the same but writes to its source, so that two
        // threads could not send one frame at a time.
        let owner = unsafe Unmanaged.passRetained(self)
        let release: @convention(c) (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) -> Void = { _, owner in
            if let owner = unsafe owner {
                unsafe Unmanaged<Frame>.fromOpaque(owner).release()
            }
        }
        let status = unsafe zmq_msg_init_data(part, start, count, release, owner.toOpaque())
        precondition(status == 0, "No memory for a message")
    }

    /// Up to here copying costs less than sharing, and long queues of small messages keep no frames alive.
    private static let largestCopiedByteCount = 1024
}

extension Frame {
    /// Creates a frame of bytes.
    public convenience init(_ bytes: [UInt8]) {
        unsafe self.init(copying: bytes.span.bytes)
    }

    /// Creates a frame of the UTF-8 bytes of a text.
    public convenience init(_ text: String) {
        unsafe self.init(copying: text.utf8Span.span.bytes)
    }

    /// Creates a frame of numbers, 8 bytes each, in this machine's byte order.
    public convenience init(_ numbers: [Double]) {
        unsafe self.init(copying: numbers.span.bytes)
    }

    /// A copy of the bytes.
    ///
    /// - Complexity: O(*byteCount*).
    public var bytes: [UInt8] {
        self.withBytes { bytes in
            unsafe bytes.withUnsafeBytes { unsafe Array($0) }
        }
    }

    /// The bytes as text, or `nil` where they are not valid UTF-8.
    ///
    /// - Complexity: O(*byteCount*).
    public var text: String? {
        String(validating: self.bytes, as: UTF8.self)
    }
}

extension Frame: ExpressibleByStringLiteral {
    /// Creates a frame of the UTF-8 bytes of a literal.
    public convenience init(stringLiteral text: String) {
        self.init(text)
    }
}
