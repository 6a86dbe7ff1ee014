import Testing
import ZeroMQ

@Suite("SocketMonitor")
struct SocketMonitorTests {
    @Test func tellsOfAConnectionFromBothSides() throws {
        let context = try Context()
        let server = try Socket(.router, in: context)
        let serverMonitor = try SocketMonitor(of: server)
        let endpoint = try server.bind("tcp://127.0.0.1:*")
        #expect(try serverMonitor.event { $0.kind == .listening }.endpoint == endpoint)

        var client: Socket? = try Socket(.dealer, in: context)
        do {
            let clientMonitor = try SocketMonitor(of: try #require(client))
            try client?.connect(endpoint)
            #expect(try clientMonitor.event { $0.kind == .connected }.endpoint == endpoint)
            _ = try clientMonitor.event { $0.kind == .handshakeSucceeded }
        }
        _ = try serverMonitor.event { $0.kind == .accepted }
        _ = try serverMonitor.event { $0.kind == .handshakeSucceeded }
        client = nil
        #expect(try serverMonitor.event { $0.kind.isDisconnected }.endpoint == endpoint)
    }

    @Test func tellsOfRetriesWhereNobodyListens() throws {
        try Transport.ipc.withEndpoint { endpoint in
            var options = SocketOptions()
            options.reconnectInterval = .milliseconds(7)
            let client = try Socket(.dealer, in: try Context(), options: options)
            let monitor = try SocketMonitor(of: client)
            try client.connect(endpoint)
            let event = try monitor.event {
                guard case .connectRetried = $0.kind else { return false }
                return true
            }
            #expect(event.endpoint == endpoint)
        }
    }

    @Test func frameBeyondTheMaximumCutsTheConnection() throws {
        let context = try Context()
        var options = SocketOptions()
        options.maximumFrameByteCount = 1000
        let receiver = try Socket(.router, in: context, options: options)
        let monitor = try SocketMonitor(of: receiver)
        let sender = try Socket(.dealer, in: context)
        try sender.connect(try receiver.bind("tcp://127.0.0.1:*"))

        #expect(try sender.send([Frame([UInt8](repeating: 1, count: 1000))]))
        #expect(try receiver.receiveMessage(timeout: patience)?.last?.byteCount == 1000)

        #expect(try sender.send(["small", Frame([UInt8](repeating: 1, count: 1001))]))
        _ = try monitor.event { $0.kind.isDisconnected }
        #expect(try receiver.receiveMessage() == nil)
    }

    @Test func socketOutlivesItsMonitorAndCanHaveAnother() throws {
        let context = try Context()
        let server = try Socket(.router, in: context)
        for _ in 0..<3 {
            let monitor = try SocketMonitor(of: server)
            let endpoint = try server.bind("tcp://127.0.0.1:*")
            #expect(try monitor.event { $0.kind == .listening }.endpoint == endpoint)
        }
        let endpoint = try server.bind("inproc://unwatched")
        #expect(endpoint == "inproc://unwatched")
    }

    @Test func monitorAndItsSocketEndAfterTheContextIsShutDown() throws {
        weak var context: Context?
        do {
            let opened = try Context()
            context = opened
            let monitor = try SocketMonitor(of: try Socket(.router, in: opened))
            opened.shutdown()
            let error = #expect(throws: ZeroMQError.self) { try monitor.nextEvent() }
            #expect(error?.isContextShutDown == true)
        }
        #expect(context == nil)
    }
}

extension SocketMonitor.Kind {
    fileprivate var isDisconnected: Bool {
        if case .disconnected = self { true } else { false }
    }
}
