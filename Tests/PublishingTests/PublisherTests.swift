import Glibc
import Monitoring
import Testing
import WireFormat
import ZeroMQ

@testable import Publishing

/// How long a test waits for what must happen; only a failing test waits that long.
private let patience = Duration.seconds(20)

@Suite("Publisher")
struct PublisherTests {
    /// A message as a subscriber reads it.
    private struct Publication {
        let topic: String
        let header: JSONObject
        let frames: [Frame]

        var seq: JSONValue? { self.header["seq"] }
    }

    private func subscriber(to publisher: Publisher, in context: Context, topics: String...) throws -> Socket {
        let socket = try Socket(.sub, in: context)
        for topic in topics {
            try socket.subscribe(topic)
        }
        try socket.connect(publisher.endpoint)
        return socket
    }

    private func next(_ socket: Socket) throws -> Publication {
        let frames = try #require(try socket.receiveMessage(timeout: patience))
        let topic = try #require(frames[0].text)
        let header = try frames[1].withBytes { bytes throws(JSONError) in try JSONValue(parsing: bytes) }
        guard case .object(let object) = header else { throw NoObject() }
        return Publication(topic: topic, header: object, frames: Array(frames.dropFirst(2)))
    }

    private struct NoObject: Error {}

    /// Reads until a topic comes.
    private func next(_ socket: Socket, topic: String) throws -> Publication {
        let deadline = ContinuousClock.now + patience
        // Heartbeats come for ever, so that a message which does not come would be awaited for ever too.
        while ContinuousClock.now < deadline {
            let publication = try self.next(socket)
            if publication.topic == topic { return publication }
        }
        throw NothingCame()
    }

    private struct NothingCame: Error {}

    @Test(arguments: ["tcp://127.0.0.1:*", "inproc://publish"])
    func lateSubscriberGetsTheLatestOfEveryTopicButEvents(endpoint: String) throws {
        let context = try Context()
        let publisher = try Publisher(endpoint: endpoint, context: context, epoch: 3)
        defer { publisher.stop() }
        #expect(!publisher.endpoint.contains("*"))
        let early = try self.subscriber(to: publisher, in: context, topics: "")
        _ = try self.next(early, topic: "heartbeat/")
        for step in 0..<2 {
            publisher.publish(.example(run: "a", window: .pass, step: step))
        }
        publisher.publish(.example(run: "b"))
        publisher.publish(.kind(.hello, of: "b"))
        _ = try self.next(early, topic: "event/b/")

        let late = try self.subscriber(to: publisher, in: context, topics: "")
        var missing: [String: JSONValue] = ["cka/a/pass/": 1, "cka/b/total/": 0]
        while !missing.isEmpty {
            let publication = try self.next(late)
            #expect(publication.topic != "event/b/")
            if let seq = missing.removeValue(forKey: publication.topic) {
                #expect(publication.seq == seq)
            }
        }
        _ = try self.next(late, topic: "heartbeat/")
        publisher.publish(.kind(.bye, of: "b"))
        #expect(try self.next(late, topic: "event/b/").header["event"] == "bye")
    }

    @Test func passesThatNobodyHeardAreNumberedAndTheLastIsThereForWhoComesLate() throws {
        let context = try Context()
        let publisher = try Publisher(endpoint: "tcp://127.0.0.1:*", context: context, epoch: 3)
        defer { publisher.stop() }
        let other = try self.subscriber(to: publisher, in: context, topics: "event/", "heartbeat/")
        // A heartbeat says that the subscription stands.
        _ = try self.next(other, topic: "heartbeat/")
        for step in 0..<3 {
            publisher.publish(.example(run: "a", window: .pass, step: step))
        }
        publisher.publish(.kind(.hello, of: "a"))
        _ = try self.next(other, topic: "event/a/")

        let late = try self.subscriber(to: publisher, in: context, topics: "cka/")
        let last = try self.next(late)
        #expect(last.seq == 2)
        #expect(last.header["step_first"] == 2)
        #expect(last.frames.map(\.byteCount) == [32, 32])
        for step in 3..<6 {
            publisher.publish(.example(run: "a", window: .pass, step: step))
            #expect(try self.next(late).seq == .integer(step))
        }
    }

    @Test func whoComesLateHearsThePassesThatWaitedForSomebody() throws {
        let context = try Context()
        let publisher = try Publisher(endpoint: "tcp://127.0.0.1:*", context: context, epoch: 3)
        defer { publisher.stop() }
        for step in 0..<3 {
            publisher.publish(.example(run: "a", window: .pass, step: step))
        }
        let late = try self.subscriber(to: publisher, in: context, topics: "cka/a/")
        // All that waited where no heartbeat came between, or the last one.
        var last = try self.next(late)
        while last.seq != 2 {
            last = try self.next(late)
        }
        #expect(last.header["step_first"] == 2)
        publisher.publish(.example(run: "a", window: .pass, step: 3))
        #expect(try self.next(late).seq == 3)
    }

    @Test func resendKeepsItsNumberAndReachesAllSubscribersOfTheTopic() throws {
        let context = try Context()
        let publisher = try Publisher(endpoint: "tcp://127.0.0.1:*", context: context, epoch: 3)
        defer { publisher.stop() }
        publisher.publish(.example(run: "a"))
        let early = try self.subscriber(to: publisher, in: context, topics: "cka/")
        let first = try self.next(early)
        let late = try self.subscriber(to: publisher, in: context, topics: "cka/a/")
        for subscriber in [early, late] {
            let resent = try self.next(subscriber)
            #expect(resent.topic == first.topic)
            #expect(resent.header == first.header)
            #expect(resent.frames.map(\.bytes) == first.frames.map(\.bytes))
        }
    }

    @Test func numbersOfATopicGrowByOneForSubscribersOfIt() throws {
        let context = try Context()
        let publisher = try Publisher(endpoint: "tcp://127.0.0.1:*", context: context, epoch: 3)
        defer { publisher.stop() }
        let subscriber = try self.subscriber(to: publisher, in: context, topics: "event/", "heartbeat/")
        // A heartbeat says that the subscription stands.
        _ = try self.next(subscriber, topic: "heartbeat/")
        for number in 0..<20 {
            publisher.publish(.example(run: "run-\(number % 2)"))
            publisher.publish(.kind(.hello, of: "run-\(number % 2)"))
        }
        for number in 0..<10 {
            #expect(try self.next(subscriber, topic: "event/run-0/").seq == .integer(number))
            #expect(try self.next(subscriber, topic: "event/run-1/").seq == .integer(number))
        }
    }

    @Test func everyPassGoesOut() throws {
        let context = try Context()
        let publisher = try Publisher(endpoint: "tcp://127.0.0.1:*", context: context, epoch: 3)
        defer { publisher.stop() }
        let subscriber = try self.subscriber(to: publisher, in: context, topics: "cka/", "heartbeat/")
        _ = try self.next(subscriber, topic: "heartbeat/")
        for step in 0..<100 {
            publisher.publish(.example(run: "a", window: .pass, step: step))
        }
        for step in 0..<100 {
            #expect(try self.next(subscriber, topic: "cka/a/pass/").header["step_first"] == .integer(step))
        }
        #expect(publisher.droppedCount == 0)
    }

    @Test func heartbeatComesEverySecond() throws {
        let context = try Context()
        let publisher = try Publisher(endpoint: "inproc://publish", context: context, epoch: 3)
        defer { publisher.stop() }
        let subscriber = try self.subscriber(to: publisher, in: context, topics: "heartbeat/")
        var times: [JSONValue: Double] = [:]
        while times.count < 3 {
            let heartbeat = try self.next(subscriber)
            guard case .number(let time)? = heartbeat.header["time"], let seq = heartbeat.seq else { throw NoObject() }
            times[seq] = time
        }
        let sorted = times.values.sorted()
        #expect(sorted[2] - sorted[0] > 1.5)
    }

    @Test func forgottenRunIsNotSentToLateSubscribersAndItsNumbersGoOn() throws {
        let context = try Context()
        let publisher = try Publisher(endpoint: "inproc://publish", context: context, epoch: 3)
        defer { publisher.stop() }
        let early = try self.subscriber(to: publisher, in: context, topics: "cka/", "event/", "heartbeat/")
        _ = try self.next(early, topic: "heartbeat/")
        publisher.publish(.example(run: "a"))
        publisher.publish(.example(run: "b"))
        #expect(try self.next(early, topic: "cka/b/total/").seq == 0)
        publisher.forget(.named("a"))
        publisher.publish(.kind(.hello, of: "b"))
        _ = try self.next(early, topic: "event/b/")
        let late = try self.subscriber(to: publisher, in: context, topics: "cka/")
        #expect(try self.next(late).topic == "cka/b/total/")
        publisher.publish(.example(run: "a", step: 1))
        let reborn = try self.next(late)
        #expect(reborn.topic == "cka/a/total/")
        #expect(reborn.seq == 1)
    }

    @Test func lateSubscriberGetsMoreTopicsThanAPortionHas() throws {
        let context = try Context()
        let publisher = try Publisher(endpoint: "tcp://127.0.0.1:*", context: context, epoch: 3, patience: patience)
        defer { publisher.stop() }
        let topics = Set((0..<200).map { "cka/run-\($0)/total/" })
        for number in 0..<200 {
            publisher.publish(.example(run: "run-\(number)"))
        }
        var missing = topics
        let subscriber = try self.subscriber(to: publisher, in: context, topics: "cka/")
        while !missing.isEmpty {
            missing.remove(try self.next(subscriber).topic)
        }
        #expect(publisher.droppedCount == 0)
    }

    @Test func crowdOfSubscriptionsDelaysNobody() throws {
        let context = try Context()
        let publisher = try Publisher(endpoint: "tcp://127.0.0.1:*", context: context, epoch: 3)
        defer { publisher.stop() }
        for number in 0..<200 {
            publisher.publish(.example(run: "run-\(number)"))
        }
        let calm = try self.subscriber(to: publisher, in: context, topics: "event/", "heartbeat/")
        _ = try self.next(calm, topic: "heartbeat/")
        let crowd = try self.subscriber(to: publisher, in: context)
        for _ in 0..<5000 {
            try crowd.subscribe("")
            try crowd.unsubscribe("")
        }
        publisher.publish(.kind(.hello, of: "a"))
        #expect(try self.next(calm, topic: "event/a/").seq == 0)
    }

    @Test(arguments: [1, 100_000])
    func subscriptionOfAnyLengthHurtsNobody(byteCount: Int) throws {
        let context = try Context()
        let publisher = try Publisher(endpoint: "tcp://127.0.0.1:*", context: context, epoch: 3)
        defer { publisher.stop() }
        publisher.publish(.example(run: "a"))
        let hostile = try self.subscriber(to: publisher, in: context)
        try hostile.subscribe([UInt8](repeating: 0xFF, count: byteCount))
        let subscriber = try self.subscriber(to: publisher, in: context, topics: "cka/")
        #expect(try self.next(subscriber).topic == "cka/a/total/")
        #expect(try hostile.receiveMessage() == nil)
    }

    @Test func burstReachesWhoReads() throws {
        let context = try Context()
        let publisher = try Publisher(endpoint: "inproc://publish", context: context, epoch: 3, patience: patience)
        defer { publisher.stop() }
        var options = SocketOptions()
        options.receiveHighWaterMark = 1
        let subscriber = try Socket(.sub, in: context, options: options)
        try subscriber.subscribe("cka/")
        try subscriber.subscribe("heartbeat/")
        try subscriber.connect(publisher.endpoint)
        _ = try self.next(subscriber, topic: "heartbeat/")
        for number in 0..<200 {
            publisher.publish(.example(run: "run-\(number)"))
        }
        // Long enough for the burst to fill the queue.
        usleep(10_000)
        // Nothing is sent again, and heartbeats come for ever.
        try subscriber.unsubscribe("heartbeat/")
        var topics: Set<String?> = []
        while topics.subtracting(["heartbeat/"]).count < 200 {
            topics.insert(try #require(try subscriber.receiveMessage(timeout: patience))[0].text)
        }
    }

    @Test func subscriberThatDoesNotReadHoldsNobodyUp() throws {
        let context = try Context()
        let publisher = try Publisher(endpoint: "inproc://publish", context: context, epoch: 3)
        defer { publisher.stop() }
        let deaf = try self.subscriber(to: publisher, in: context, topics: "cka/", "heartbeat/")
        _ = try self.next(deaf, topic: "heartbeat/")
        let listener = try self.subscriber(to: publisher, in: context, topics: "cka/", "heartbeat/")
        _ = try self.next(listener, topic: "heartbeat/")
        // Far more than the queues of the deaf one hold, each awaited by the other.
        for step in 0..<3000 {
            publisher.publish(.example(run: "a", window: .pass, step: step))
            #expect(try self.next(listener, topic: "cka/a/pass/").header["step_first"] == .integer(step))
        }
        withExtendedLifetime(deaf) {}
    }

    @Test func stoppingPublishesWhatWaits() throws {
        let context = try Context()
        let publisher = try Publisher(endpoint: "tcp://127.0.0.1:*", context: context, epoch: 3)
        let subscriber = try self.subscriber(to: publisher, in: context, topics: "event/", "heartbeat/")
        _ = try self.next(subscriber, topic: "heartbeat/")
        publisher.publish(.kind(.bye, of: "a"))
        publisher.stop()
        #expect(try self.next(subscriber, topic: "event/a/").header["event"] == "bye")
    }

    @Test func endpointThatIsTakenIsAnError() throws {
        let context = try Context()
        let publisher = try Publisher(endpoint: "tcp://127.0.0.1:*", context: context, epoch: 3)
        defer { publisher.stop() }
        let error = #expect(throws: ZeroMQError.self) {
            try Publisher(endpoint: publisher.endpoint, context: context, epoch: 4)
        }
        #expect(error?.isAddressInUse == true)
    }
}
