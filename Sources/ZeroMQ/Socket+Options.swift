internal import CZeroMQ
internal import Glibc

extension Socket {
    /// Decides whether an XPUB socket refuses to send where a subscriber's queue is full, from now on.
    ///
    /// Where it does not refuse, a subscriber that has lost a message counts as absent until it has read half a queue:
    /// meanwhile nothing is refused because of that one.
    public func setXPUBNoDrop(_ isRefusing: Bool) throws(ZeroMQError) {
        try self.set(ZMQ_XPUB_NODROP, "refusing when full", isRefusing ? 1 : 0)
    }

    /// Sets every option that differs from libzmq's default or may matter to this type of socket.
    ///
    /// - Precondition: Counts are positive.
    func apply(_ options: SocketOptions, to type: SocketType) throws(ZeroMQError) {
        precondition(options.sendHighWaterMark > 0, "A queue without a bound is not on offer")
        precondition(options.receiveHighWaterMark > 0, "A queue without a bound is not on offer")
        try self.set(ZMQ_SNDHWM, "the send high water mark", options.sendHighWaterMark)
        try self.set(ZMQ_RCVHWM, "the receive high water mark", options.receiveHighWaterMark)
        try self.set(ZMQ_LINGER, "the linger time", options.linger?.wholeMilliseconds ?? -1)
        try self.set(ZMQ_IPV6, "IPv6", options.isIPv6 ? 1 : 0)
        try self.set(ZMQ_IMMEDIATE, "immediate queueing", options.isImmediate ? 1 : 0)
        try self.set(ZMQ_RECONNECT_IVL, "the reconnect interval", options.reconnectInterval.wholeMilliseconds)
        try self.set(
            ZMQ_RECONNECT_IVL_MAX,
            "the longest reconnect interval",
            options.maximumReconnectInterval?.wholeMilliseconds ?? 0
        )
        try self.set(ZMQ_HANDSHAKE_IVL, "the handshake interval", options.handshakeInterval?.wholeMilliseconds ?? 0)
        try self.set(ZMQ_HEARTBEAT_IVL, "the heartbeat interval", options.heartbeatInterval?.wholeMilliseconds ?? 0)
        if let byteCount = options.maximumFrameByteCount {
            try self.set(ZMQ_MAXMSGSIZE, "the largest frame", Int64(byteCount))
        }
        if type == .xpub {
            try self.set(ZMQ_XPUB_VERBOSE, "verbose subscriptions", options.isXPUBVerbose ? 1 : 0)
            try self.set(ZMQ_XPUB_NODROP, "refusing when full", options.isXPUBNoDrop ? 1 : 0)
        }
        if type == .router {
            try self.set(ZMQ_ROUTER_MANDATORY, "mandatory routing", options.isRouterMandatory ? 1 : 0)
        }
        if let keepalive = options.tcpKeepalive {
            try self.set(ZMQ_TCP_KEEPALIVE, "TCP keepalive", 1)
            try self.set(ZMQ_TCP_KEEPALIVE_IDLE, "TCP keepalive", Int(keepalive.idle.components.seconds))
            try self.set(ZMQ_TCP_KEEPALIVE_INTVL, "TCP keepalive", Int(keepalive.interval.components.seconds))
            try self.set(ZMQ_TCP_KEEPALIVE_CNT, "TCP keepalive", keepalive.probeCount)
        }
        try self.apply(options.security)
    }

    private func apply(_ security: SocketOptions.Security) throws(ZeroMQError) {
        switch security {
        case .none:
            break
        case .curveServer(let secretKey):
            try self.set(ZMQ_CURVE_SERVER, "the CURVE server role", 1)
            try self.set(ZMQ_CURVE_SECRETKEY, "the CURVE secret key", key: secretKey)
        case .curveClient(let keys, let serverKey):
            try self.set(ZMQ_CURVE_PUBLICKEY, "the CURVE public key", key: keys.publicKey)
            try self.set(ZMQ_CURVE_SECRETKEY, "the CURVE secret key", key: keys.secretKey)
            try self.set(ZMQ_CURVE_SERVERKEY, "the CURVE key of the server", key: serverKey)
        }
    }

    /// Sets an option that libzmq holds in 32 bits.
    private func set(_ option: Int32, _ name: String, _ value: Int) throws(ZeroMQError) {
        var number = Int32(clamping: value)
        // SAFETY: libzmq copies the value, whose size is given.
        guard unsafe zmq_setsockopt(self.handle, option, &number, MemoryLayout<Int32>.size) == 0 else {
            throw .last(.setOption, name)
        }
    }

    /// Sets an option that libzmq holds in 64 bits.
    private func set(_ option: Int32, _ name: String, _ value: Int64) throws(ZeroMQError) {
        var number = value
        // SAFETY: libzmq copies the value, whose size is given.
        guard unsafe zmq_setsockopt(self.handle, option, &number, MemoryLayout<Int64>.size) == 0 else {
            throw .last(.setOption, name)
        }
    }

    /// Sets an option that is a key in Z85.
    private func set(_ option: Int32, _ name: String, key: String) throws(ZeroMQError) {
        guard CurveKeyPair.isKey(key) else {
            throw ZeroMQError(operation: .setOption, subject: name, code: EINVAL)
        }
        // SAFETY: libzmq copies the text, whose length is given.
        guard unsafe zmq_setsockopt(self.handle, option, key, key.utf8.count) == 0 else {
            throw .last(.setOption, name)
        }
    }
}
