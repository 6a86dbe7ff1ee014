import Testing
import ZeroMQ

@Suite("Subscriptions")
struct SubscriptionTests {
    @Test func publisherSeesSubscriptionsComeAndGo() throws {
        let context = try Context()
        let publisher = try Socket(.xpub, in: context)
        let subscriber = try Socket(.sub, in: context)
        try subscriber.connect(try publisher.bind("tcp://127.0.0.1:*"))
        try subscriber.subscribe("cka/")
        #expect(try publisher.receiveBytes() == [[1] + Array("cka/".utf8)])
        try subscriber.subscribe([UInt8]())
        #expect(try publisher.receiveBytes() == [[1]])
        try subscriber.unsubscribe("cka/")
        #expect(try publisher.receiveBytes() == [[0] + Array("cka/".utf8)])
    }

    @Test(arguments: [false, true])
    func onlyAVerbosePublisherSeesRepeatedSubscriptions(isVerbose: Bool) throws {
        let context = try Context()
        var options = SocketOptions()
        options.isXPUBVerbose = isVerbose
        let publisher = try Socket(.xpub, in: context, options: options)
        let endpoint = try publisher.bind("inproc://verbose")
        let subscribers = try (0..<2).map { _ in try Socket(.sub, in: context) }
        for subscriber in subscribers {
            try subscriber.connect(endpoint)
            try subscriber.subscribe("a")
        }
        try subscribers[1].subscribe("b")
        let first = try publisher.receiveTexts()
        let second = try publisher.receiveTexts()
        #expect(first == ["\u{1}a"])
        #expect(second == [isVerbose ? "\u{1}a" : "\u{1}b"])
    }

    @Test func subscriberHearsOnlyItsPrefixes() throws {
        let context = try Context()
        let publisher = try Socket(.xpub, in: context)
        let subscriber = try Socket(.sub, in: context)
        try subscriber.connect(try publisher.bind("inproc://prefixes"))
        try subscriber.subscribe("run/a/")
        _ = try publisher.receiveTexts()
        #expect(try publisher.send(["run/b/", "1"]))
        #expect(try publisher.send(["run/a/", "2"]))
        #expect(try subscriber.receiveTexts() == ["run/a/", "2"])
        #expect(try subscriber.receiveMessage() == nil)
    }

    @Test func fullQueueRefusesWholeMessagesAndLosesNone() throws {
        let context = try Context()
        var options = SocketOptions()
        options.isXPUBNoDrop = true
        options.sendHighWaterMark = 3
        options.receiveHighWaterMark = 2
        let publisher = try Socket(.xpub, in: context, options: options)
        let subscriber = try Socket(.sub, in: context, options: options)
        try subscriber.connect(try publisher.bind("inproc://full"))
        try subscriber.subscribe("")
        _ = try publisher.receiveTexts()

        // Over inproc the two queues are one, as long as both together.
        let outcomes = try (0..<7).map { try publisher.send(["topic", Frame(String($0))]) }
        #expect(outcomes == [true, true, true, true, true, false, false])
        for index in 0..<5 {
            #expect(try subscriber.receiveTexts() == ["topic", String(index)])
        }
        #expect(try subscriber.receiveMessage() == nil)

        // The publisher learns from libzmq, a moment later, that there is room again.
        let poller = Poller()
        poller.add(publisher)
        let deadline = ContinuousClock.now + patience
        var isSent = false
        while !isSent && ContinuousClock.now < deadline {
            _ = try poller.wait(timeout: .milliseconds(1))
            isSent = try publisher.send(["topic", "again"])
        }
        #expect(isSent)
        #expect(try subscriber.receiveTexts() == ["topic", "again"])
    }
}
