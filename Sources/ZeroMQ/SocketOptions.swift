/// How a socket is set up before it binds or connects.
///
/// The defaults are libzmq's, with one exception: ``linger``.
public struct SocketOptions: Sendable {
    /// How many messages may wait to be sent to each peer.
    public var sendHighWaterMark = 1000

    /// How many messages of each peer may wait to be received.
    public var receiveHighWaterMark = 1000

    /// How long a closed socket goes on sending what waits; `nil` for as long as it takes.
    ///
    /// libzmq's own default is `nil`: a process whose peer has gone would then never end.
    public var linger: Duration? = .zero

    /// The longest frame that a peer may send, or `nil` for no limit.
    ///
    /// libzmq cuts the connection of a peer that sends a longer one. Over `inproc` the limit does not apply.
    public var maximumFrameByteCount: Int?

    /// Whether an XPUB socket receives every subscription, not only the first of each topic.
    public var isXPUBVerbose = false

    /// Whether an XPUB socket refuses to send where a subscriber's queue is full, instead of dropping for that one.
    public var isXPUBNoDrop = false

    /// Whether a ROUTER socket refuses to send to a peer that it does not know, instead of dropping.
    public var isRouterMandatory = false

    /// Whether a connecting socket queues messages only for connections that stand.
    public var isImmediate = false

    /// Whether endpoints may be of IPv6 as well.
    public var isIPv6 = false

    /// How long a connecting socket waits before it tries again.
    public var reconnectInterval: Duration = .milliseconds(100)

    /// How long that wait may grow, doubling with each failure; `nil` where it does not grow.
    public var maximumReconnectInterval: Duration?

    /// How long a new connection may take to introduce itself; `nil` for as long as it takes.
    public var handshakeInterval: Duration? = .seconds(30)

    /// How an idle TCP connection is probed; `nil` leaves it to the operating system.
    public var tcpKeepalive: TCPKeepalive?

    /// How often ZeroMQ itself probes a peer, or `nil` for never.
    ///
    /// A peer that stays silent for as long again is disconnected.
    public var heartbeatInterval: Duration?

    /// How connections are encrypted and proven.
    public var security: Security = .none

    /// Creates the default options.
    public init() {}

    /// When the operating system probes an idle TCP connection and when it gives it up.
    public struct TCPKeepalive: Hashable, Sendable {
        /// How long a connection is idle before it is probed, in whole seconds.
        public var idle: Duration

        /// The time between probes, in whole seconds.
        public var interval: Duration

        /// How many unanswered probes end the connection.
        public var probeCount: Int

        /// Creates a rule: after `idle`, probe each `interval`, and give up after `probeCount` probes.
        public init(idle: Duration, interval: Duration, probeCount: Int) {
            self.idle = idle
            self.interval = interval
            self.probeCount = probeCount
        }
    }

    /// How connections are encrypted and proven.
    ///
    /// Keys are in Z85, 40 characters each, as ``CurveKeyPair`` has them.
    public enum Security: Sendable {
        /// Bytes travel as they are.
        case none

        /// CURVE, with this socket as the side that clients must know the public key of.
        ///
        /// Any client that knows it gets in, unless the context has a ``CurveGate``.
        case curveServer(secretKey: String)

        /// CURVE, with this socket as the side that proves itself with `keys` to the owner of `serverKey`.
        case curveClient(keys: CurveKeyPair, serverKey: String)
    }
}
