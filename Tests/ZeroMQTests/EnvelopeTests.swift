import Testing
import ZeroMQ

@Suite("Envelopes")
struct EnvelopeTests {
    @Test(arguments: Transport.allCases)
    func routerAnswersDealersAndRequestersApart(over transport: Transport) throws {
        try transport.withEndpoint { endpoint in
            let context = try Context()
            let router = try Socket(.router, in: context)
            let bound = try router.bind(endpoint)
            let dealer = try Socket(.dealer, in: context)
            let requester = try Socket(.req, in: context)
            try dealer.connect(bound)
            try requester.connect(bound)
            #expect(try dealer.send(["from dealer"]))
            #expect(try requester.send(["from requester"]))

            for _ in 0..<2 {
                let request = try #require(try router.receiveMessage(timeout: patience))
                // REQ puts an empty frame between the identity and its own; DEALER does not.
                let isRequester = request.count == 3
                #expect(request.dropFirst().map(\.text) == (isRequester ? ["", "from requester"] : ["from dealer"]))
                #expect(try router.send(request + ["answered"]))
            }
            #expect(try dealer.receiveTexts() == ["from dealer", "answered"])
            #expect(try requester.receiveTexts() == ["from requester", "answered"])
        }
    }

    @Test func replierAnswersARequester() throws {
        let context = try Context()
        let replier = try Socket(.rep, in: context)
        let requester = try Socket(.req, in: context)
        try requester.connect(try replier.bind("inproc://reply"))
        #expect(try requester.send(["a", "b"]))
        #expect(try replier.receiveTexts() == ["a", "b"])
        #expect(try replier.send(["c"]))
        #expect(try requester.receiveTexts() == ["c"])
    }

    @Test func mandatoryRouterRefusesAPeerThatItDoesNotKnow() throws {
        var options = SocketOptions()
        options.isRouterMandatory = true
        let router = try Socket(.router, in: try Context(), options: options)
        let error = #expect(throws: ZeroMQError.self) { try router.send(["nobody", "", "answer"]) }
        #expect(error?.isUnroutable == true)
        #expect(error?.description == "ZeroMQ could not send: No peer has that identity")
    }
}
