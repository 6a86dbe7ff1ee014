import Testing

@testable import Publishing

@Suite("DeliveryPatience")
struct DeliveryPatienceTests {
    private let start = ContinuousClock.now
    private let limit = Duration.milliseconds(50)

    @Test func isWholeAtFirst() {
        #expect(DeliveryPatience(limit: self.limit).allowance(now: self.start) == self.limit)
    }

    @Test func waitTakesItsTimeFromTheNextAndComesBackSlowly() {
        var patience = DeliveryPatience(limit: self.limit)
        patience.spend(.milliseconds(20), now: self.start)
        #expect(patience.allowance(now: self.start) == .milliseconds(30))
        #expect(patience.allowance(now: self.start + .milliseconds(100)) == .milliseconds(40))
        #expect(patience.allowance(now: self.start + .milliseconds(200)) == .milliseconds(50))
        #expect(patience.allowance(now: self.start + .seconds(9)) == .milliseconds(50))
    }

    @Test func neverGoesBelowNothing() {
        var patience = DeliveryPatience(limit: self.limit)
        patience.spend(.milliseconds(50), now: self.start)
        #expect(patience.allowance(now: self.start) == .zero)
        // A thread that waits for a core waits longer than it wanted to.
        patience.spend(.milliseconds(30), now: self.start)
        #expect(patience.allowance(now: self.start) == .zero)
        #expect(patience.allowance(now: self.start + .milliseconds(300)) == .zero)
        #expect(patience.allowance(now: self.start + .milliseconds(800)) == .milliseconds(50))
    }

    @Test func stuckSubscribersTakeATenthOfTheTime() {
        var patience = DeliveryPatience(limit: self.limit)
        var now = self.start
        var waited = Duration.zero
        while now < self.start + .seconds(10) {
            let allowance = patience.allowance(now: now)
            if allowance > .zero {
                now += allowance
                waited += allowance
                patience.spend(allowance, now: now)
            }
            now += .milliseconds(1)
        }
        #expect(waited < .seconds(1) + self.limit)
    }
}
