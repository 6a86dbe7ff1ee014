import Testing
import WireFormat

@Suite("Control requests and replies")
struct ControlTests {
    private func request(_ text: String) throws(ControlRequestError) -> ControlRequest {
        try readRequest(Array(text.utf8))
    }

    @Test func requestIsRead() throws {
        let request = try self.request(
            """
            {"v":1,"id":"7","command":"snapshot","run":"r","window":"pass","step":12,"endpoint":"tcp://h:1","groups":true}
            """
        )
        #expect(request.id == "7")
        #expect(request.command == .snapshot)
        #expect(request.run == RunID("r"))
        #expect(request.window == "pass")
        #expect(request.step == 12)
        #expect(request.endpoint == "tcp://h:1")
        #expect(request.object["groups"] == true)
    }

    @Test(arguments: ControlCommand.allCases)
    func everyCommandIsKnown(command: ControlCommand) throws {
        let request = try self.request(#"{"v":1,"id":"1","command":"\#(command.rawValue)","run":null}"#)
        #expect(request.command == command)
        #expect(request.run == nil)
    }

    @Test(
        arguments: [
            ("", .null, .badRequest), ("[]", .null, .badRequest), (#"{"v":1,"id":"1"}"#, "1", .badRequest),
            (#"{"v":1,"id":"1","command":5}"#, "1", .badRequest),
            (#"{"v":1,"id":"1","command":"dance"}"#, "1", .unknownCommand),
            (#"{"id":"1","command":"runs"}"#, "1", .badRequest),
            (#"{"v":2,"id":"1","command":"runs"}"#, "1", .badRequest),
            (#"{"v":1,"id":"1","command":"run","run":5}"#, "1", .badRequest),
            (#"{"v":1,"id":"1","command":"run","run":"a/b"}"#, "1", .badRequest),
            (#"{"v":1,"id":"1","command":"run","step":-1}"#, "1", .badRequest),
            (#"{"v":1,"id":"1","command":"run","step":1.5}"#, "1", .badRequest),
            (#"{"v":1,"id":"1","command":"run","window":[]}"#, "1", .badRequest),
            (#"{"v":1,"id":"1","command":"attach","endpoint":5580}"#, "1", .badRequest),
        ] as [(String, JSONValue, ControlErrorCode)]
    )
    func badRequestIsRefused(text: String, id: JSONValue, code: ControlErrorCode) throws {
        let error = #expect(throws: ControlRequestError.self) { try self.request(text) }
        #expect(error?.id == id)
        #expect(error?.code == code)
        #expect(error?.message.isEmpty == false)
    }

    @Test func repliesAreWrittenAsTheContractSays() {
        let success = ControlReply.success(id: "1", result: ["runs": []])
        #expect(success.encoded() == Array(#"{"v":1,"id":"1","ok":true,"result":{"runs":[]}}"#.utf8))
        let failure = ControlReply.failure(id: .null, code: .unknownRun, message: "no run \"x\"")
        let text = #"{"v":1,"id":null,"ok":false,"error":{"code":"unknown_run","message":"no run \"x\""}}"#
        #expect(failure.encoded() == Array(text.utf8))
    }
}
