import Testing
import ZeroMQ

@Suite("Messages")
struct MessageTests {
    @Test(arguments: Transport.allCases)
    func framesArriveAsTheyWereSent(over transport: Transport) throws {
        // The sizes lie around those where libzmq stores a frame in another way: 33 bytes, 8 KiB; and where sending
        // begins to share, 1 KiB.
        let message = [0, 1, 32, 33, 34, 255, 256, 1024, 1025, 8191, 8192, 8193, 100_000, 0].map { count in
            (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ count) }
        }
        try transport.withEndpoint { endpoint in
            let context = try Context()
            let receiver = try Socket(.pair, in: context)
            let sender = try Socket(.pair, in: context)
            try sender.connect(try receiver.bind(endpoint))
            for _ in 0..<3 {
                #expect(try sender.send(message.map { Frame($0) }))
            }
            for _ in 0..<3 {
                #expect(try receiver.receiveBytes() == message)
            }
            #expect(try receiver.receiveMessage() == nil)
        }
    }

    @Test(arguments: Transport.allCases)
    func largeFrameArrivesWhole(over transport: Transport) throws {
        let count = 64 << 20
        var numbers = [Double](repeating: 0, count: count / 8)
        for index in stride(from: 0, to: numbers.count, by: 511) {
            numbers[index] = Double(index)
        }
        let frame = Frame(numbers)
        try transport.withEndpoint { endpoint in
            let context = try Context()
            let receiver = try Socket(.pair, in: context)
            let sender = try Socket(.pair, in: context)
            try sender.connect(try receiver.bind(endpoint))
            #expect(try sender.send(["before", frame, "after"]))

            let message = try #require(try receiver.receiveMessage(timeout: patience))
            #expect(message.map(\.byteCount) == [6, count, 5])
            #expect(message[1].bytes == frame.bytes)
        }
    }

    @Test func receivingGivesUpAfterItsTimeout() throws {
        let socket = try Socket(.sub, in: try Context())
        let start = ContinuousClock.now
        #expect(try socket.receiveMessage(timeout: .milliseconds(20)) == nil)
        #expect(ContinuousClock.now - start >= .milliseconds(20))
        #expect(try socket.receiveMessage(timeout: .seconds(-1)) == nil)
    }

    @Test func sendingWithoutAPeerIsRefusedAndNotAnError() throws {
        let socket = try Socket(.dealer, in: try Context())
        #expect(try !socket.send(["nobody", "hears"]))
    }

    @Test func messageWithoutFramesTraps() async {
        await #expect(processExitsWith: .failure) {
            _ = try Socket(.pair, in: try Context()).send([])
        }
    }
}
