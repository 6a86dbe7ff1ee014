import Testing
import Threads

@Suite("Mailbox")
struct MailboxTests {
    @Test func elementsComeOutInOrderAroundTheEndOfTheRing() {
        let mailbox = Mailbox<Int>(capacity: 3)
        var received: [Int] = []
        for round in 0..<5 {
            #expect(mailbox.push(2 * round))
            #expect(mailbox.push(2 * round + 1))
            received += [mailbox.pop(timeout: .zero), mailbox.pop(timeout: .zero)].compactMap(\.self)
        }
        #expect(received == Array(0..<10))
    }

    @Test func fullMailboxRefusesAndCounts() {
        let mailbox = Mailbox<Int>(capacity: 2)
        #expect((1...4).map { mailbox.push($0) } == [true, true, false, false])
        #expect(mailbox.refusalCount == 2)
        #expect(mailbox.count == 2)
        #expect(mailbox.drain() == [1, 2])
        #expect(mailbox.push(5))
    }

    @Test func closedMailboxGivesOutWhatItHoldsAndThenNothing() {
        let mailbox = Mailbox<Int>(capacity: 4)
        #expect(mailbox.push(1))
        mailbox.close()
        #expect(!mailbox.push(2))
        #expect(mailbox.refusalCount == 1)
        #expect(mailbox.isClosed)
        #expect(mailbox.pop() == 1)
        #expect(mailbox.pop() == nil)
    }

    @Test func closingWakesEveryWaitingThread() throws {
        let mailbox = Mailbox<Int>(capacity: 1)
        let threads = try (0..<4).map { index in
            try NamedThread(name: "waiter \(index)") {
                while mailbox.pop() != nil {}
            }
        }
        mailbox.close()
        for thread in threads {
            thread.join()
        }
    }

    @Test func popGivesUpAfterItsTimeout() {
        let mailbox = Mailbox<Int>(capacity: 1)
        let start = ContinuousClock.now
        #expect(mailbox.pop(timeout: .milliseconds(20)) == nil)
        #expect(ContinuousClock.now - start >= .milliseconds(20))
    }

    @Test(arguments: [Duration.seconds(-1), .zero])
    func popThatMayNotWaitReturnsAtOnce(timeout: Duration) {
        let mailbox = Mailbox<Int>(capacity: 1)
        #expect(mailbox.pop(timeout: timeout) == nil)
        #expect(mailbox.push(1))
        #expect(mailbox.pop(timeout: timeout) == 1)
    }

    @Test func popWithALongTimeoutStillSeesAPush() throws {
        let mailbox = Mailbox<Int>(capacity: 1)
        let thread = try NamedThread(name: "pusher") { _ = mailbox.push(7) }
        #expect(mailbox.pop(timeout: .seconds(Int64.max)) == 7)
        thread.join()
    }

    /// Every element comes out exactly once, and those of one producer in their order, for each consumer.
    @Test(arguments: [1, 3])
    func manyThreadsLoseAndRepeatNothing(consumerCount: Int) throws {
        let producerCount = 4
        let elementCount = 5000
        let mailbox = Mailbox<Int>(capacity: 16)
        let streamsReceived = Mailbox<[Int]>(capacity: consumerCount)
        let refusals = Mailbox<Int>(capacity: producerCount)

        let consumers = try (0..<consumerCount).map { index in
            try NamedThread(name: "consumer \(index)") {
                var elements: [Int] = []
                while let element = mailbox.pop() {
                    elements.append(element)
                }
                _ = streamsReceived.push(elements)
            }
        }
        let producers = try (0..<producerCount).map { producer in
            try NamedThread(name: "producer \(producer)") {
                var refusalCount = 0
                for index in 0..<elementCount {
                    while !mailbox.push(producer * elementCount + index) {
                        refusalCount += 1
                    }
                }
                _ = refusals.push(refusalCount)
            }
        }
        for producer in producers {
            producer.join()
        }
        mailbox.close()
        for consumer in consumers {
            consumer.join()
        }

        let streams = streamsReceived.drain()
        #expect(streams.joined().sorted() == Array(0..<producerCount * elementCount))
        for stream in streams {
            for producer in 0..<producerCount {
                let own = stream.filter { $0 / elementCount == producer }
                #expect(own == own.sorted())
            }
        }
        #expect(mailbox.refusalCount == refusals.drain().reduce(0, +))
    }

    @Test func poppedElementIsReleased() {
        final class Element: Sendable {}
        let mailbox = Mailbox<Element>(capacity: 1)
        weak let element: Element? = {
            let element = Element()
            #expect(mailbox.push(element))
            return mailbox.pop()
        }()
        #expect(element == nil)
    }

    @Test func capacityOfNothingTraps() async {
        await #expect(processExitsWith: .failure) {
            _ = Mailbox<Int>(capacity: 0)
        }
    }
}
