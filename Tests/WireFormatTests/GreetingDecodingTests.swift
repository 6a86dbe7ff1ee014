import Testing
import WireFormat

@Suite("Decoding hello, alive and bye")
struct GreetingDecodingTests {
    private let session = SessionID(Specimen.session)

    @Test func helloIsRead() throws {
        let meta: JSONValue = ["model": ["depth": 40]]
        guard case .hello(let hello) = Specimen.hello.with(["meta": meta]).decode().content else {
            Issue.record("A good hello was refused")
            return
        }
        let run = try #require(RunID("r"))
        let expected = Hello(
            run: run,
            layers: ["a", "b"],
            meta: meta,
            client: "livecka 1.0",
            heartbeat: 10,
            session: self.session
        )
        #expect(hello == expected)
    }

    @Test func aliveIsRead() throws {
        guard case .alive(let alive) = Specimen.alive.decode().content else {
            Issue.record("A good alive was refused")
            return
        }
        let run = try #require(RunID("r"))
        #expect(alive == Alive(run: run, session: self.session, step: 12, phase: .train, seq: 7, dropped: 2))
    }

    @Test func byeIsRead() throws {
        guard case .bye(let bye) = Specimen.bye.decode().content else {
            Issue.record("A good bye was refused")
            return
        }
        let run = try #require(RunID("r"))
        #expect(bye == Bye(run: run, session: self.session, seq: 8, sent: 6, dropped: 2, reason: .finished))
    }

    @Test(arguments: ["hello", "alive", "bye"])
    func everythingButTheEnvelopeIsOptional(type: String) {
        let header = Array(#"{"v":1,"type":"\#(type)","run":"r","session":null}"#.utf8)
        #expect(decodeMessage(header: header).rejection == nil)
    }

    @Test(
        arguments: [
            (.hello, ["run": nil], .malformed), (.hello, ["layers": "a"], .malformed),
            (.hello, ["layers": [1]], .malformed),
            (.hello, ["layers": ["a", "a"]], .malformed), (.hello, ["layers": [""]], .malformed),
            (.hello, ["client": 1], .malformed), (.hello, ["heartbeat": 0], .malformed),
            (.hello, ["heartbeat": "1s"], .malformed), (.hello, ["session": "x"], .malformed),
            (.hello, ["v": 3], .version), (.hello, ["v": 3, "layers": 1], .malformed),
            (.hello, ["run": "other"], .inconsistent),
            (.hello, ["layers": .array((0...4096).map { .string("\($0)") })], .tooLarge),
            (.alive, ["step": -1], .malformed), (.alive, ["phase": "lunch"], .malformed),
            (.alive, ["seq": 1.5], .malformed),
            (.alive, ["run": "other"], .inconsistent), (.bye, ["reason": "bored"], .malformed),
            (.bye, ["sent": -1], .malformed), (.bye, ["v": 0], .version),
        ] as [(Specimen, [String: JSONValue?], RejectionReason)]
    )
    func defectIsRejected(specimen: Specimen, members: [String: JSONValue?], reason: RejectionReason) {
        let rejection = specimen.with(members).rejection
        #expect(rejection?.reason == reason)
        #expect(rejection?.isBatch == false)
    }

    @Test(arguments: [Specimen.hello, .alive, .bye])
    func framesDoNotBelongToIt(specimen: Specimen) {
        #expect(specimen.with { $0.frameSizes = [0] }.rejection?.reason == .size)
        #expect(specimen.with { $0.frameSizes = [1 << 30, 1] }.rejection?.reason == .tooLarge)
    }
}
