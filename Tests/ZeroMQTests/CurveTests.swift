import Testing
import ZeroMQ

@Suite("CURVE")
struct CurveTests {
    @Test func secretKeyGivesItsPublicKey() throws {
        let keys = try CurveKeyPair.generate()
        #expect(keys.publicKey.utf8.count == 40)
        #expect(keys.secretKey.utf8.count == 40)
        #expect(try CurveKeyPair(secretKey: keys.secretKey) == keys)
        #expect(try CurveKeyPair.generate() != keys)
        #expect("\(keys)" == keys.publicKey)
    }

    /// The published pairs of keys of RFC 26's reference, `testutil_security.hpp` of libzmq.
    @Test func knownSecretKeyGivesItsKnownPublicKey() throws {
        let keys = try CurveKeyPair(secretKey: "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6")
        #expect(keys.publicKey == "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7")
    }

    @Test(arguments: ["", "short", String(repeating: "a", count: 41), String(repeating: "\"", count: 40)])
    func textThatIsNoKeyIsRefused(text: String) throws {
        let context = try Context()
        #expect(throws: ZeroMQError.self) { try CurveKeyPair(secretKey: text) }
        #expect(throws: ZeroMQError.self) { try CurveGate(of: context, allowedKeys: [text]) }
        var options = SocketOptions()
        options.security = .curveServer(secretKey: text)
        let error = #expect(throws: ZeroMQError.self) { try Socket(.router, in: context, options: options) }
        #expect(error?.description == "ZeroMQ could not set the CURVE secret key: Invalid argument")
    }

    @Test func gateLetsInOnlyTheKeysThatItKnows() throws {
        let context = try Context()
        let serverKeys = try CurveKeyPair.generate()
        let friend = try CurveKeyPair.generate()
        let stranger = try CurveKeyPair.generate()
        let gate = try CurveGate(of: context, allowedKeys: [friend.publicKey])
        var options = SocketOptions()
        options.security = .curveServer(secretKey: serverKeys.secretKey)
        let server = try Socket(.router, in: context, options: options)
        let endpoint = try server.bind("tcp://127.0.0.1:*")
        let poller = Poller()
        poller.add(gate.socket)

        for (keys, outcome) in [
            (stranger, SocketMonitor.Kind.handshakeFailed(.refused(status: 400))), (friend, .handshakeSucceeded),
        ] {
            options.security = .curveClient(keys: keys, serverKey: serverKeys.publicKey)
            let client = try Socket(.dealer, in: context, options: options)
            let monitor = try SocketMonitor(of: client)
            try client.connect(endpoint)
            #expect(try poller.wait(timeout: patience).contains(gate.socket))
            try gate.answer()
            #expect(try monitor.event { $0.kind == outcome }.endpoint == endpoint)
            if keys == friend {
                #expect(try client.send(["in"]))
                #expect(try server.receiveMessage(timeout: patience)?.last?.text == "in")
            }
        }
    }

    @Test func clientWithoutKeysIsNotHeard() throws {
        let context = try Context()
        var options = SocketOptions()
        options.security = .curveServer(secretKey: try CurveKeyPair.generate().secretKey)
        let server = try Socket(.router, in: context, options: options)
        let monitor = try SocketMonitor(of: server)
        let client = try Socket(.dealer, in: context)
        try client.connect(try server.bind("tcp://127.0.0.1:*"))
        let event = try monitor.event {
            guard case .handshakeFailed = $0.kind else { return false }
            return true
        }
        #expect(event.endpoint == (try server.lastEndpoint))
    }
}
