import Testing
import WireFormat

@Suite("The identity of a rejected message")
struct RejectionIdentityTests {
    @Test(
        arguments: [
            ["v": 2], ["v": nil], ["run": "other"], ["tensors": []], ["type": nil], ["type": "tensor"], ["type": 5],
        ] as [[String: JSONValue?]]
    )
    func isReadWhateverElseIsWrong(members: [String: JSONValue?]) throws {
        let specimen = Specimen.batch.with(["part": 1, "parts": 2, "batch": 3]).with(members)
        let rejection = try #require(specimen.rejection)
        #expect(rejection.isBatch)
        #expect(rejection.session == SessionID(Specimen.session))
        #expect(rejection.seq == 7)
        #expect(rejection.part == 1)
        #expect(rejection.step == 12)
        #expect(rejection.batchIndex == 3)
        #expect(rejection.dropped == 2)
    }

    @Test func isReadAsFarAsItCanBe() throws {
        let members: [String: JSONValue?] = ["session": "x", "seq": -1, "step": true, "part": "0", "dropped": 1.5]
        let rejection = try #require(Specimen.batch.with(members).with(["batch": 3]).rejection)
        #expect(rejection.session == nil)
        #expect(rejection.seq == nil)
        #expect(rejection.part == nil)
        #expect(rejection.step == nil)
        #expect(rejection.dropped == nil)
        #expect(rejection.batchIndex == 3)
    }

    @Test func aMessageThatIsNotInPartsIsPartZero() {
        #expect(Specimen.batch.with(["step": nil]).rejection?.part == 0)
    }

    @Test(arguments: [Specimen.hello, .alive, .bye])
    func aSignOfLifeIsNoBatch(specimen: Specimen) {
        #expect(specimen.with(["v": 2]).rejection?.isBatch == false)
    }

    @Test func detailIsShortAndOnOneLine() throws {
        let run = String(repeating: "\n\u{1B}\u{9B}", count: 10_000)
        let detail = try #require(Specimen.batch.with(["run": .string(run)]).rejection?.detail)
        #expect(detail.count < 200)
        #expect(detail.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F ~= $0.value) })
    }
}
