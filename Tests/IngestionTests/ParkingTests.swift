import Ingestion
import Monitoring
import Testing
import Threads
import ZeroMQ

/// What happens while nobody takes the messages.
@Suite("Receiver whose hand-over is full")
struct ParkingTests {
    /// Sends numbered messages of 10 bytes until the queues between emitter and receiver are full, or `count` are sent.
    private func send(_ count: Int, to emitter: Socket) throws -> Int {
        for number in 0..<count {
            guard try emitter.send(["livecka/1/run/", Frame("\(number)"), "0123456789"]) else { return number }
        }
        return count
    }

    @Test func messagesWaitAndNoneIsLost() throws {
        let bench = try Bench(bind: ["tcp://127.0.0.1:*"], capacity: 1)
        defer { bench.receiver.stop() }
        let emitter = try bench.emitter(connectingTo: bench.receiver.reading.bound[0])
        _ = try emitter.nextSubscription()
        let sentCount = try self.send(500, to: emitter)
        #expect(eventually { bench.messages.refusalCount > 0 })
        // One is in the hand-over, one is parked, and only these are paid for.
        #expect(bench.memory.used == 20)
        for number in 0..<sentCount {
            #expect(try bench.nextMessage().header?.text == "\(number)")
        }
        #expect(eventually { bench.memory.used == 0 })
    }

    @Test func requestsAreAnsweredMeanwhile() throws {
        let bench = try Bench(bind: ["tcp://127.0.0.1:*"], capacity: 1)
        defer { bench.receiver.stop() }
        let emitter = try bench.emitter(connectingTo: bench.receiver.reading.bound[0])
        _ = try emitter.nextSubscription()
        _ = try self.send(3, to: emitter)
        #expect(eventually { bench.messages.refusalCount > 0 })
        let other = try bench.emitter()
        let endpoint = try other.bind("inproc://other")
        try bench.receiver.attach(endpoint, run: nil)
        _ = try other.nextSubscription()
        try bench.receiver.detach(endpoint)
        try other.waitForUnsubscription()
    }

    @Test func lostConnectionsAreCountedMeanwhile() throws {
        let bench = try Bench(bind: ["tcp://127.0.0.1:*"], capacity: 1)
        defer { bench.receiver.stop() }
        let emitter = try bench.emitter(connectingTo: bench.receiver.reading.bound[0])
        _ = try emitter.nextSubscription()
        _ = try self.send(3, to: emitter)
        #expect(eventually { bench.messages.refusalCount > 0 })
        do {
            let passing = try bench.emitter(connectingTo: bench.receiver.reading.bound[0])
            _ = try passing.nextSubscription()
        }
        #expect(eventually { bench.receiver.reading.disconnectCount == 1 })
    }

    @Test func parkedMessageGoesWithItsEndpoint() throws {
        let bench = try Bench(capacity: 1)
        defer { bench.receiver.stop() }
        let emitter = try bench.emitter()
        let endpoint = try emitter.bind("tcp://127.0.0.1:*")
        try bench.receiver.attach(endpoint, run: nil)
        _ = try emitter.nextSubscription()
        _ = try self.send(3, to: emitter)
        #expect(eventually { bench.messages.refusalCount > 0 })
        try bench.receiver.detach(endpoint)
        #expect(try bench.nextMessage().header?.text == "0")
        #expect(bench.memory.used == 0)

        // What comes next is of the next attachment.
        try emitter.waitForUnsubscription()
        try bench.receiver.attach(endpoint, run: nil)
        _ = try emitter.nextSubscription()
        #expect(try emitter.send(["livecka/1/run/", "again"]))
        #expect(try bench.nextMessage().header?.text == "again")
    }

    @Test func parkedMessageGoesWithTheReceiver() throws {
        let bench = try Bench(bind: ["tcp://127.0.0.1:*"], capacity: 1)
        let emitter = try bench.emitter(connectingTo: bench.receiver.reading.bound[0])
        _ = try emitter.nextSubscription()
        _ = try self.send(3, to: emitter)
        #expect(eventually { bench.messages.refusalCount > 0 })
        bench.receiver.stop()
        _ = try bench.nextMessage()
        #expect(bench.memory.used == 0)
    }

    @Test func emittersTakeTurns() throws {
        let bench = try Bench(capacity: 1)
        defer { bench.receiver.stop() }
        let emitters = try (0..<3).map { _ in try bench.emitter() }
        var endpoints: [String] = []
        for emitter in emitters {
            let endpoint = try emitter.bind("tcp://127.0.0.1:*")
            endpoints.append(endpoint)
            try bench.receiver.attach(endpoint, run: nil)
            _ = try emitter.nextSubscription()
        }
        for emitter in emitters {
            _ = try self.send(100, to: emitter)
        }
        // Each hand-over makes room for one more, which is not always the first emitter's.
        var counts: [String: Int] = [:]
        for _ in 0..<90 {
            counts[try bench.nextMessage().source.endpoint, default: 0] += 1
        }
        for endpoint in endpoints {
            #expect(counts[endpoint, default: 0] >= 5)
        }
    }
}
