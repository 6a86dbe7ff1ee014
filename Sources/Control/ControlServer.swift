internal import Synchronization
internal import Threads
public import WireFormat
public import ZeroMQ

/// The answer to a request: a header, and the frames that belong to it.
public struct ControlAnswer: Sendable {
    /// What was asked for, or why it was not to be had.
    public let reply: ControlReply

    /// Matrices and the like, in the order that the contract gives.
    public let frames: [Frame]

    /// Creates an answer.
    public init(_ reply: ControlReply, frames: [Frame] = []) {
        self.reply = reply
        self.frames = frames
    }
}

/// The thread that answers requests on the control socket.
public final class ControlServer: Sendable {
    /// The endpoint that is bound.
    public let endpoint: String

    private let wakeUp: WakeUp
    private let isStopping = Stop()
    private let thread: NamedThread

    private final class Stop: Sendable {
        let flag = Atomic(false)
    }

    /// Claims the endpoint, binds it, and starts to answer.
    ///
    /// - Parameters:
    ///   - endpoint: `ipc:///…`
    ///   - context: The ZeroMQ context.
    ///   - answer: Answers a request, on the server's thread; the next request waits meanwhile.
    /// - Throws: ``ControlError``, ``ZeroMQError`` or ``SystemError`` where the socket cannot be made.
    public init(
        endpoint: String,
        context: Context,
        answer: @escaping @Sendable (ControlRequest) -> ControlAnswer
    ) throws {
        let path = try ControlSocketPath(claiming: endpoint)
        var options = SocketOptions()
        options.maximumFrameByteCount = 1 << 20
        options.linger = .milliseconds(200)
        let socket = try Socket(.router, in: context, options: options)
        try socket.bind(endpoint)
        try path.restrictAccess()

        let wakeUp = try WakeUp()
        let loop = ControlLoop(socket: socket, path: path, wakeUp: wakeUp, answer: answer)
        let isStopping = self.isStopping
        self.endpoint = endpoint
        self.wakeUp = wakeUp
        self.thread = try NamedThread(name: "control") {
            loop.run { isStopping.flag.load(ordering: .relaxed) }
        }
    }

    /// Ends the thread and waits for it.
    ///
    /// The socket closes, and its file goes.
    public func stop() {
        self.isStopping.flag.store(true, ordering: .relaxed)
        self.wakeUp.signal()
        self.thread.join()
    }
}

/// The server's state, confined to its thread.
private final class ControlLoop {
    private let socket: Socket
    private let path: ControlSocketPath
    private let wakeUp: WakeUp
    private let answer: @Sendable (ControlRequest) -> ControlAnswer

    init(
        socket: Socket,
        path: consuming ControlSocketPath,
        wakeUp: WakeUp,
        answer: @escaping @Sendable (ControlRequest) -> ControlAnswer
    ) {
        self.socket = socket
        self.path = path
        self.wakeUp = wakeUp
        self.answer = answer
    }

    func run(isStopping: () -> Bool) {
        let poller = Poller()
        poller.add(self.socket)
        poller.add(fileDescriptor: self.wakeUp.fileDescriptor)
        while !isStopping() {
            do {
                _ = try poller.wait(timeout: .seconds(1))
                self.wakeUp.drain()
                while !isStopping(), let frames = try self.socket.receiveMessage() {
                    try self.answer(frames)
                }
            } catch {
                // Only a context that was shut down under the socket ends here.
                return
            }
        }
    }

    /// Answers one message: the peer's identity, the empty delimiter of a REQ socket or none, and the request.
    private func answer(_ frames: [Frame]) throws(ZeroMQError) {
        var envelope = [frames[0]]
        var body = frames.dropFirst()
        if body.count > 1, let delimiter = body.first, delimiter.byteCount == 0 {
            envelope.append(delimiter)
            body = body.dropFirst()
        }
        let answer: ControlAnswer
        do throws(ControlRequestError) {
            let request = try (body.first ?? Frame("")).withBytes { bytes throws(ControlRequestError) in
                try ControlRequest(decoding: bytes)
            }
            answer = self.answer(request)
        } catch {
            answer = ControlAnswer(.failure(id: error.id, code: error.code, message: error.message))
        }
        // A peer that has gone, or does not read, does not get its answer.
        _ = try self.socket.send(envelope + [Frame(answer.reply.encoded())] + answer.frames)
    }
}
