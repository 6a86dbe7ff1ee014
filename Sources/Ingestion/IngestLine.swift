internal import Monitoring
internal import ZeroMQ

/// One SUB socket: the one that is bound, or one that is connected to an emitter.
///
/// Each emitter that the daemon is attached to has a socket of its own, so that listening can stop
/// for one of them, and a slow connection holds up no other.
final class IngestLine {
    /// Where the messages come from.
    let source: SourceID

    /// The socket.
    let socket: Socket

    /// Tells of the socket's connections.
    let monitor: SocketMonitor

    /// The connections over which messages have come.
    private(set) var largestMessages = LargestMessages()

    private var topics: Set<String> = []

    /// Binds a socket, and hears all runs.
    ///
    /// The source is the endpoint with wildcards resolved.
    init(binding endpoint: String, context: Context, settings: ReceiverSettings) throws(ZeroMQError) {
        self.socket = try Socket(.sub, in: context, options: settings.socketOptions)
        self.monitor = try SocketMonitor(of: self.socket)
        self.source = SourceID(endpoint: try self.socket.bind(endpoint))
        try self.subscribe(run: nil)
    }

    /// Connects a socket to an emitter, and hears one of its runs, or all of them.
    init(
        connecting endpoint: String,
        run: String?,
        context: Context,
        settings: ReceiverSettings
    ) throws(ZeroMQError) {
        self.socket = try Socket(.sub, in: context, options: settings.socketOptions)
        self.monitor = try SocketMonitor(of: self.socket)
        self.source = SourceID(endpoint: endpoint)
        try self.subscribe(run: run)
        try self.socket.connect(endpoint)
    }

    /// Begins to hear the messages of a run, or of all runs.
    func subscribe(run: String?) throws(ZeroMQError) {
        let topic = run.map { "livecka/1/\($0)/" } ?? "livecka/1/"
        guard self.topics.insert(topic).inserted else { return }
        try self.socket.subscribe(topic)
    }

    /// Receives the next message where one waits.
    func receiveMessage() throws(ZeroMQError) -> [Frame]? {
        guard let frames = try self.socket.receiveMessage() else { return nil }
        if let connection = frames[0].connection {
            self.largestMessages.note(frames.reduce(0) { $0 + $1.byteCount }, connection: connection)
        }
        return frames
    }

    /// Reads the events of the socket's connections.
    ///
    /// - Returns: How many connections were lost.
    func countDisconnects() throws(ZeroMQError) -> Int {
        var count = 0
        while let event = try self.monitor.nextEvent() {
            if case .disconnected(let connection) = event.kind {
                self.largestMessages.forget(connection: connection)
                count += 1
            }
        }
        return count
    }
}

extension ReceiverSettings {
    /// How every ingest socket is set up.
    fileprivate var socketOptions: SocketOptions {
        var options = SocketOptions()
        options.receiveHighWaterMark = self.highWaterMark
        options.maximumFrameByteCount = self.maximumFrameByteCount
        options.reconnectInterval = .milliseconds(100)
        options.maximumReconnectInterval = .seconds(2)
        // A machine that goes without a word is noticed by the kernel. ZeroMQ's own heartbeats would also cut off
        // emitters that wait because nobody reads.
        options.tcpKeepalive = .init(idle: .seconds(30), interval: .seconds(10), probeCount: 3)
        return options
    }
}
