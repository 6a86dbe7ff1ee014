import Control
import Testing
import WireFormat
import ZeroMQ

@Suite("ControlServer")
struct ControlServerTests {
    private static let request = #"{"v":1,"id":"7","command":"run","run":"a"}"#
    private static let reply = #"{"v":1,"id":"7","ok":true,"result":"a"}"#

    private func texts(_ message: [Frame]?) throws -> [String?] {
        try #require(message).map(\.text)
    }

    /// The code of the error that a reply names.
    private func errorCode(_ message: [Frame]?) throws -> JSONValue? {
        let frame = try #require(message?.first)
        let reply = try frame.withBytes { bytes throws(JSONError) in try JSONValue(parsing: bytes) }
        guard case .object(let object) = reply, case .object(let error)? = object["error"] else { return nil }
        return error["code"]
    }

    @Test func dealerIsAnsweredWithoutADelimiterAndRequesterWithOne() throws {
        try withDirectory { directory in
            let echo = try EchoServer(directory: directory)
            let dealer = try echo.socket(.dealer)
            let requester = try echo.socket(.req)
            for socket in [dealer, requester] {
                #expect(try socket.send([Frame(Self.request)]))
                // REQ takes an answer with a delimiter only, and takes it off.
                #expect(try self.texts(socket.receiveMessage(timeout: patience)) == [Self.reply, "frame"])
            }
            #expect(try dealer.send(["", Frame(Self.request)]))
            #expect(try self.texts(dealer.receiveMessage(timeout: patience)) == ["", Self.reply, "frame"])
        }
    }

    @Test(
        arguments: [
            ("", "bad_request"), ("{", "bad_request"), ("[]", "bad_request"), ("\u{0}\u{1}", "bad_request"),
            (#"{"v":1}"#, "bad_request"), (#"{"v":2,"command":"run"}"#, "bad_request"),
            (#"{"v":1,"command":"dance"}"#, "unknown_command"), (#"{"v":1,"command":7}"#, "bad_request"),
            (#"{"v":1,"command":"run","run":"../x"}"#, "bad_request"),
            (String(repeating: "[", count: 100_000), "bad_request"),
        ]
    )
    func garbageIsAnsweredWithAnError(request: String, code: String) throws {
        try withDirectory { directory in
            let echo = try EchoServer(directory: directory)
            for type in [SocketType.dealer, .req] {
                let socket = try echo.socket(type)
                #expect(try socket.send([Frame(request)]))
                #expect(try self.errorCode(socket.receiveMessage(timeout: patience)) == .string(code))
            }
        }
    }

    @Test func messageOfManyOrOfEmptyFramesIsAnswered() throws {
        try withDirectory { directory in
            let echo = try EchoServer(directory: directory)
            let dealer = try echo.socket(.dealer)
            #expect(try dealer.send(["", ""]))
            let empty = try #require(try dealer.receiveMessage(timeout: patience))
            #expect(empty.first?.byteCount == 0)
            #expect(try self.errorCode(Array(empty.dropFirst())) == "bad_request")
            #expect(try dealer.send([Frame(Self.request)] + Array(repeating: "more", count: 100)))
            #expect(try self.texts(dealer.receiveMessage(timeout: patience)) == [Self.reply, "frame"])
        }
    }

    @Test func requestThatIsTooLongIsCutOffAndOthersAreAnswered() throws {
        try withDirectory { directory in
            let echo = try EchoServer(directory: directory)
            let hostile = try echo.socket(.dealer)
            #expect(try hostile.send([Frame([UInt8](repeating: 0x20, count: 1 << 20 + 1))]))
            #expect(try echo.client().request("run", ["run": "a"]).result == "a")
            #expect(try hostile.receiveMessage() == nil)
        }
    }

    @Test func peerThatHasGoneHoldsNobodyUp() throws {
        try withDirectory { directory in
            let echo = try EchoServer(directory: directory)
            for _ in 0..<20 {
                let passing = try echo.socket(.dealer)
                #expect(try passing.send([Frame(Self.request)]))
            }
            #expect(try echo.client().request("run", ["run": "b"]).result == "b")
        }
    }

    @Test func stoppedServerCanBeReplaced() throws {
        try withDirectory { directory in
            for _ in 0..<3 {
                let echo = try EchoServer(directory: directory)
                #expect(try echo.client().request("run", ["run": "a"]).result == "a")
                echo.server.stop()
                #expect(throws: ControlClientError.unreachable(endpoint: echo.server.endpoint)) {
                    try echo.client()
                }
            }
        }
    }

    @Test func contextThatIsShutDownEndsTheServer() throws {
        try withDirectory { directory in
            let echo = try EchoServer(directory: directory)
            echo.context.shutdown()
            echo.server.stop()
        }
    }
}
