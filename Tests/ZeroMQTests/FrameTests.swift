import Testing
import ZeroMQ

@Suite("Frames")
struct FrameTests {
    /// In the struct itself, in the buffer that the connection was read with, in memory of their own.
    @Test(arguments: Transport.allCases, [5, 500, 1_000_000])
    func frameOutlivesItsSocketAndContext(over transport: Transport, byteCount: Int) throws {
        let bytes = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        weak var context: Context?
        let frame = try transport.withEndpoint { endpoint in
            let opened = try Context()
            context = opened
            let receiver = try Socket(.pair, in: opened)
            let sender = try Socket(.pair, in: opened)
            try sender.connect(try receiver.bind(endpoint))
            #expect(try sender.send([Frame(bytes)]))
            let message = try receiver.receiveMessage(timeout: patience)
            return try #require(message?.first)
        }
        #expect(context == nil)
        #expect(frame.bytes == bytes)
    }

    @Test(arguments: Transport.allCases)
    func sentFrameIsReleasedOnceItHasGone(over transport: Transport) throws {
        weak var sent: Frame?
        try transport.withEndpoint { endpoint in
            let context = try Context()
            let receiver = try Socket(.pair, in: context)
            let sender = try Socket(.pair, in: context)
            try sender.connect(try receiver.bind(endpoint))
            let frame = Frame([UInt8](repeating: 1, count: 100_000))
            sent = frame
            #expect(try sender.send([frame]))
            #expect(try receiver.receiveBytes() == [frame.bytes])
        }
        // The context has ended and libzmq's threads with it, so nobody else can still hold the frame.
        #expect(sent == nil)
    }

    @Test func refusedFrameIsReleased() throws {
        let socket = try Socket(.dealer, in: try Context())
        weak var refused: Frame?
        do {
            let frame = Frame([UInt8](repeating: 1, count: 100_000))
            refused = frame
            #expect(try !socket.send([frame]))
        }
        #expect(refused == nil)
    }

    @Test func receivedFrameCanBeSentOn() throws {
        let context = try Context()
        let sockets = try (0..<4).map { _ in try Socket(.pair, in: context) }
        try sockets[0].connect(try sockets[1].bind("inproc://first"))
        try sockets[2].connect(try sockets[3].bind("inproc://second"))
        let bytes = [UInt8](repeating: 3, count: 50_000)
        #expect(try sockets[0].send([Frame(bytes), "short"]))
        let message = try #require(try sockets[1].receiveMessage(timeout: patience))
        #expect(try sockets[2].send(message))
        #expect(try sockets[2].send(message))
        #expect(try sockets[3].receiveBytes() == [bytes, Array("short".utf8)])
        #expect(try sockets[3].receiveBytes() == [bytes, Array("short".utf8)])
        #expect(message[0].bytes == bytes)
    }

    @Test func contentsReadBack() {
        #expect(Frame([1, 2, 3] as [UInt8]).bytes == [1, 2, 3])
        #expect(Frame([UInt8]()).bytes == [])
        #expect(Frame("größer").text == "größer")
        #expect(Frame([0xFF, 0x00] as [UInt8]).text == nil)
        #expect(Frame([1.0, -2.0]).bytes == [0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0, 0, 0, 0, 0, 0, 0, 0xC0])
        #expect(Frame("four").byteCount == 4)
    }
}
