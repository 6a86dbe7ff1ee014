import Testing
import WireFormat

@Suite("Names")
struct NameTests {
    @Test(arguments: ["a", "7", "resnet-d40", "A.b_c-9", String(repeating: "x", count: 128)])
    func runNamesAreAccepted(name: String) {
        #expect(RunID(name)?.name == name)
        #expect(RunID(name)?.description == name)
    }

    @Test(arguments: ["", ".a", "-a", "_a", "a/b", "a b", "é", "a\0", "a\n", String(repeating: "x", count: 129)])
    func otherNamesAreRefused(name: String) {
        #expect(RunID(name) == nil)
    }

    @Test func sessionsAreUUIDsInEitherCase() {
        let lower = SessionID("0f8fad5b-d9cb-469f-a165-70867728950e")
        let upper = SessionID("0F8FAD5B-D9CB-469F-A165-70867728950E")
        #expect(lower != nil)
        #expect(lower == upper)
        #expect(upper?.description == "0f8fad5b-d9cb-469f-a165-70867728950e")
        #expect(lower != SessionID("0f8fad5b-d9cb-469f-a165-70867728950f"))
    }

    @Test(arguments: [
        "", "0f8fad5b", "0f8fad5bd9cb469fa16570867728950e", "0f8fad5b-d9cb-469f-a165-70867728950",
        "0f8fad5b-d9cb-469f-a165-70867728950e0", "0f8fad5b-d9cb-469f-a165-70867728950g",
        "0f8fad5b-d9cb-469f-a1657-0867728950e", "{0f8fad5b-d9cb-469f-a165-70867728950e}",
        "0f8fad5b-d9cb-469f-a165-70867728950e\u{301}", "٠f8fad5b-d9cb-469f-a165-70867728950e",
    ])
    func otherTextsAreNoSessions(text: String) {
        #expect(SessionID(text) == nil)
    }
}
