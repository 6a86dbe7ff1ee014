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

    private(set) var topics: Set<String> = []

    /// Opens a socket that hears nothing yet.
    init(source: SourceID, context: Context, settings: ReceiverSettings) throws(ZeroMQError) {
        var options = SocketOptions()
        options.receiveHighWaterMark = settings.highWaterMark
        options.maximumFrameByteCount = settings.maximumFrameByteCount
        options.reconnectInterval = .milliseconds(100)
        options.maximumReconnectInterval = .seconds(2)
        self.source = source
        self.socket = try Socket(.sub, in: context, options: options)
        self.monitor = try SocketMonitor(of: self.socket)
    }

    /// Begins to hear the messages of a run, or of all runs.
    func subscribe(run: String?) throws(ZeroMQError) {
        let topic = run.map { "livecka/1/\($0)/" } ?? "livecka/1/"
        guard self.topics.insert(topic).inserted else { return }
        try self.socket.subscribe(topic)
    }

    /// Reads the events of the socket's connections.
    ///
    /// - Returns: How many connections were lost.
    func countDisconnects() throws(ZeroMQError) -> Int {
        var count = 0
        while let event = try self.monitor.nextEvent() {
            if case .disconnected = event.kind {
                count += 1
            }
        }
        return count
    }
}
