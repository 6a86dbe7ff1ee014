import Ingestion
import Monitoring
import Testing
import Threads
import ZeroMQ

@Suite("Receiver")
struct ReceiverTests {
    @Test(arguments: ["tcp://127.0.0.1:*", "inproc://ingest"])
    func boundSocketHearsWhoConnects(endpoint: String) throws {
        let bench = try Bench(bind: [endpoint])
        defer { bench.receiver.stop() }
        let bound = try #require(bench.receiver.reading.bound.first)
        #expect(!bound.contains("*"))
        let emitter = try bench.emitter(connectingTo: bound)
        #expect(try emitter.nextSubscription() == "livecka/1/")
        #expect(try emitter.send(["livecka/1/run/", "{}", "abc", "defgh"]))
        let message = try bench.nextMessage()
        #expect(message.source == SourceID(endpoint: bound))
        #expect(message.topic.text == "livecka/1/run/")
        #expect(message.header?.text == "{}")
        #expect(message.tensorByteCounts == [3, 5])
        #expect(message.heldByteCount == 8)
        #expect(message.tensors?.map(\.text) == ["abc", "defgh"])
        #expect(bench.memory.used == 0)
    }

    @Test func messagesOfAnyNumberOfFramesAreHandedOver() throws {
        let bench = try Bench(bind: ["tcp://127.0.0.1:*"])
        defer { bench.receiver.stop() }
        let emitter = try bench.emitter(connectingTo: bench.receiver.reading.bound[0])
        _ = try emitter.nextSubscription()
        #expect(try emitter.send(["livecka/1/"]))
        let bare = try bench.nextMessage()
        #expect(bare.header == nil)
        #expect(bare.tensors?.isEmpty == true)
        #expect(try emitter.send(["livecka/1/run/", ""]))
        let empty = try bench.nextMessage()
        #expect(empty.header?.byteCount == 0)
        #expect(empty.tensorByteCounts.isEmpty)
        #expect(try emitter.send(["livecka/1/run/", "{}"] + Array(repeating: "x", count: 500)))
        #expect(try bench.nextMessage().tensorByteCounts.count == 500)
        #expect(bench.memory.used == 0)
    }

    @Test func tensorsThatAreNotPaidForAreLetGoOf() throws {
        let bench = try Bench(bind: ["tcp://127.0.0.1:*"])
        defer { bench.receiver.stop() }
        let emitter = try bench.emitter(connectingTo: bench.receiver.reading.bound[0])
        _ = try emitter.nextSubscription()
        #expect(bench.memory.reserve(1 << 20))
        #expect(try emitter.send(["livecka/1/run/", "{}", "abc"]))
        let message = try bench.nextMessage()
        #expect(message.tensors == nil)
        #expect(message.tensorByteCounts == [3])
        #expect(message.heldByteCount == 0)
        #expect(bench.memory.used == 1 << 20)
    }

    @Test func attachedEmitterIsHeardUntilItIsDetachedAndAgainOnceReattached() throws {
        let bench = try Bench()
        defer { bench.receiver.stop() }
        let emitter = try bench.emitter()
        let endpoint = try emitter.bind("tcp://127.0.0.1:*")
        for round in ["first", "second"] {
            try bench.receiver.attach(endpoint, run: nil)
            #expect(bench.receiver.reading.connected == [endpoint])
            #expect(try emitter.nextSubscription() == "livecka/1/")
            #expect(try emitter.send(["livecka/1/run/", Frame(round)]))
            let message = try bench.nextMessage()
            #expect(message.header?.text == round)
            #expect(message.source == SourceID(endpoint: endpoint))
            try bench.receiver.detach(endpoint)
            #expect(bench.receiver.reading.connected.isEmpty)
            try emitter.waitForUnsubscription()
        }
        #expect(throws: AttachError.notAttached(endpoint: endpoint)) { try bench.receiver.detach(endpoint) }
    }

    @Test func onlyTheRunsThatWereAskedForAreHeard() throws {
        let bench = try Bench()
        defer { bench.receiver.stop() }
        let emitter = try bench.emitter()
        let endpoint = try emitter.bind("tcp://127.0.0.1:*")
        try bench.receiver.attach(endpoint, run: "a")
        #expect(try emitter.nextSubscription() == "livecka/1/a/")
        try bench.receiver.attach(endpoint, run: "b")
        #expect(try emitter.nextSubscription() == "livecka/1/b/")
        #expect(bench.receiver.reading.connected == [endpoint])
        for run in ["c", "a", "aa", "b"] {
            #expect(try emitter.send([Frame("livecka/1/\(run)/")]))
        }
        #expect(try bench.nextMessage().topic.text == "livecka/1/a/")
        #expect(try bench.nextMessage().topic.text == "livecka/1/b/")
    }

    @Test func endpointThatIsNamedTwiceIsHeardOnce() throws {
        let context = try Context()
        var options = SocketOptions()
        options.isXPUBVerbose = true
        let emitter = try Socket(.xpub, in: context, options: options)
        let endpoint = try emitter.bind("tcp://127.0.0.1:*")
        let bench = try Bench(connect: [endpoint, endpoint])
        defer { bench.receiver.stop() }
        #expect(bench.receiver.reading.connected == [endpoint])
        _ = try emitter.nextSubscription()
        for number in 0..<2 {
            #expect(try emitter.send(["livecka/1/run/", Frame("\(number)")]))
        }
        #expect(try bench.nextMessage().header?.text == "0")
        #expect(try bench.nextMessage().header?.text == "1")
    }

    @Test(arguments: ["", "nonsense", "tcp://", "tcp://host", "carrier-pigeon://x"])
    func endpointThatMakesNoSenseIsRefusedWithASentence(endpoint: String) throws {
        let bench = try Bench(bind: ["tcp://127.0.0.1:*"])
        defer { bench.receiver.stop() }
        let error = #expect(throws: AttachError.self) { try bench.receiver.attach(endpoint, run: nil) }
        #expect(error?.description.hasSuffix("an endpoint looks like tcp://HOST:PORT or ipc:///PATH") == true)
        #expect(bench.receiver.reading.connected.isEmpty)
        #expect(throws: AttachError.notAttached(endpoint: endpoint)) { try bench.receiver.detach(endpoint) }
    }

    @Test func daemonsOwnEndpointCanBeNeitherAttachedNorDetached() throws {
        let bench = try Bench(bind: ["tcp://127.0.0.1:*"])
        defer { bench.receiver.stop() }
        let bound = bench.receiver.reading.bound[0]
        let error = #expect(throws: AttachError.self) { try bench.receiver.attach(bound, run: nil) }
        #expect(error?.description.contains("the daemon listens there itself") == true)
        #expect(throws: AttachError.notAttached(endpoint: bound)) { try bench.receiver.detach(bound) }
    }

    @Test func connectionOfAFrameThatIsTooLongIsCutAndCounted() throws {
        let bench = try Bench(bind: ["tcp://127.0.0.1:*"], maximumFrameByteCount: 1000)
        defer { bench.receiver.stop() }
        let emitter = try bench.emitter(connectingTo: bench.receiver.reading.bound[0])
        _ = try emitter.nextSubscription()
        #expect(try emitter.send(["livecka/1/run/", "{}", Frame([UInt8](repeating: 0, count: 1001))]))
        #expect(eventually { bench.receiver.reading.disconnectCount == 1 })
        // The receiver goes on, for this emitter too, which connects again.
        _ = try emitter.nextSubscription()
        #expect(try emitter.send(["livecka/1/run/", "after", Frame([UInt8](repeating: 0, count: 1000))]))
        #expect(try bench.nextMessage().header?.text == "after")
        #expect(bench.memory.used == 0)
    }

    @Test func requestsAfterTheEndAreRefused() throws {
        let bench = try Bench()
        bench.receiver.stop()
        #expect(throws: AttachError.stopping) { try bench.receiver.attach("tcp://127.0.0.1:1", run: nil) }
        #expect(throws: AttachError.stopping) { try bench.receiver.detach("tcp://127.0.0.1:1") }
    }

    @Test func contextThatIsShutDownEndsTheReceiver() throws {
        let bench = try Bench(bind: ["tcp://127.0.0.1:*"])
        bench.context.shutdown()
        #expect(
            eventually {
                let error = #expect(throws: AttachError.self) { try bench.receiver.detach("tcp://127.0.0.1:1") }
                return error == .stopping
            }
        )
        bench.receiver.stop()
    }
}
