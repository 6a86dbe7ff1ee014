import Testing

@testable import Ingestion

@Suite("LargestMessages")
struct LargestMessagesTests {
    @Test func onlyTheLongestMessageOfAConnectionCounts() {
        var messages = LargestMessages()
        messages.note(10, connection: 7)
        messages.note(30, connection: 7)
        messages.note(20, connection: 7)
        messages.note(5, connection: 8)
        #expect(messages.total == 35)
        #expect(messages.largest == 30)
    }

    @Test func connectionThatEndedNeedsNothing() {
        var messages = LargestMessages()
        messages.note(10, connection: 7)
        messages.note(30, connection: 8)
        messages.forget(connection: 8)
        messages.forget(connection: 9)
        #expect(messages.total == 10)
        #expect(messages.largest == 10)
        messages.note(1, connection: 8)
        #expect(messages.total == 11)
    }

    /// Of a limit of 100: what is needed, as long as there is room for the longest message twice.
    @Test(arguments: zip([(30, 10), (80, 10), (90, 10), (60, 30), (90, 45), (60, 60)], [30, 80, 80, 40, 10, 0]))
    func shareLeavesRoomForMessages(needed: (total: Int, largest: Int), share: Int) {
        #expect(LargestMessages.share(of: 100, total: needed.total, largest: needed.largest) == share)
    }
}
