/// How the daemon listens for batches.
public struct ReceiverSettings: Sendable {
    /// The endpoints to listen at.
    public var bind: [String]

    /// The endpoints of emitters to connect to.
    public var connect: [String]

    /// The longest frame that a peer may send.
    ///
    /// A longer one makes libzmq cut the connection.
    public var maximumFrameByteCount: Int

    /// How many messages of a connection libzmq keeps.
    ///
    /// It counts messages and not bytes. With one, a connection has either a message that waits or one that is coming
    /// in, and memory is set aside for just that.
    public var highWaterMark = 1

    /// Creates settings.
    public init(bind: [String], connect: [String] = [], maximumFrameByteCount: Int = 1 << 30) {
        self.bind = bind
        self.connect = connect
        self.maximumFrameByteCount = maximumFrameByteCount
    }
}
