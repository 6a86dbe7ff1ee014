import Testing
import WireFormat

@testable import Publishing

@Suite("Subscriptions")
struct SubscriptionsTests {
    private let topic = Topic.matrix(run: .named("a"), window: "pass")

    @Test(
        arguments: [
            ("", true), ("cka/", true), ("cka/a/pass/", true), ("cka/a/pass/x", false), ("cka/b", false),
            ("event/", false),
        ] as [(String, Bool)]
    )
    func prefixCoversTheTopicsThatBeginWithIt(prefix: String, isCovered: Bool) {
        var subscriptions = Subscriptions()
        #expect(!subscriptions.cover(self.topic))
        subscriptions.insert([0xFF])
        subscriptions.insert(Array(prefix.utf8))
        #expect(subscriptions.cover(self.topic) == isCovered)
    }

    @Test func moreThanAreToldApartCoverEverything() {
        var subscriptions = Subscriptions()
        for number in 0..<Subscriptions.capacity {
            subscriptions.insert(Array("event/\(number)/".utf8))
        }
        #expect(!subscriptions.cover(self.topic))
        subscriptions.insert(Array("event/one-more/".utf8))
        #expect(subscriptions.cover(self.topic))
    }
}
