import Testing
import ZeroMQ

@Suite("ZeroMQError")
struct ZeroMQErrorTests {
    @Test func addressInUseIsNamed() throws {
        let context = try Context()
        let first = try Socket(.xpub, in: context)
        let second = try Socket(.xpub, in: context)
        let endpoint = try first.bind("tcp://127.0.0.1:*")
        let error = #expect(throws: ZeroMQError.self) { try second.bind(endpoint) }
        #expect(error?.isAddressInUse == true)
        #expect(error?.subject == endpoint)
        #expect(error?.description == "ZeroMQ could not bind \(endpoint): Address already in use")
    }

    @Test(arguments: [
        ("pigeon://loft", "ZeroMQ could not connect to pigeon://loft: Protocol not supported"),
        ("nonsense", "ZeroMQ could not connect to nonsense: Invalid argument"),
        ("tcp://127.0.0.1", "ZeroMQ could not connect to tcp://127.0.0.1: Invalid argument"),
    ])
    func unusableEndpointsAreNamed(endpoint: String, sentence: String) throws {
        let socket = try Socket(.dealer, in: try Context())
        let error = #expect(throws: ZeroMQError.self) { try socket.connect(endpoint) }
        #expect(error?.description == sentence)
    }

    @Test func endpointsThatAreNotHeldCannotBeLetGo() throws {
        let socket = try Socket(.sub, in: try Context())
        let endpoint = "tcp://127.0.0.1:1"
        let unbinding = #expect(throws: ZeroMQError.self) { try socket.unbind(endpoint) }
        #expect(unbinding?.isUnknownEndpoint == true)
        #expect(unbinding?.description == "ZeroMQ could not unbind \(endpoint): The socket does not listen there")
        let disconnecting = #expect(throws: ZeroMQError.self) { try socket.disconnect(endpoint) }
        #expect(
            disconnecting?.description
                == "ZeroMQ could not disconnect from \(endpoint): The socket does not connect there"
        )
    }

    @Test func unboundEndpointIsFreeAgain() throws {
        try Transport.ipc.withEndpoint { endpoint in
            let context = try Context()
            let socket = try Socket(.router, in: context)
            let bound = try socket.bind(endpoint)
            try socket.unbind(bound)
            let error = #expect(throws: ZeroMQError.self) { try socket.unbind(bound) }
            #expect(error?.isUnknownEndpoint == true)
        }
    }

    @Test func socketOnAContextThatIsShutDownIsRefused() throws {
        let context = try Context()
        context.shutdown()
        let error = #expect(throws: ZeroMQError.self) { try Socket(.sub, in: context) }
        #expect(error?.isContextShutDown == true)
    }
}
