import Control
import DaemonRuntime
import Settings
import Similarity
import Testing
import WireFormat
import ZeroMQ

@Suite("Daemon", .timeLimit(.minutes(1)))
struct DaemonTests {
    @Test func whatIsSentIsWhatIsAnswered() throws {
        let running = try RunningDaemon()
        let emitter = try RawEmitter(connectingTo: running.daemon.ingestEndpoints[0], context: running.context)
        let batches = (0..<5).map { waves(seed: $0, layerCount: 3, exampleCount: 8 + $0) }
        for (step, layers) in batches.enumerated() {
            #expect(try emitter.send(run: "r", step: step, layers: layers))
        }
        #expect(try running.settles("r", accumulated: 5))

        let (result, frames) = try running.ask("snapshot", ["run": "r", "window": "total"])
        let expected = matrix(of: batches)
        let values = frames[0].doubles
        #expect(frames.count == 3)
        #expect(values.count == 9)
        for (value, reference) in zip(values, expected.values) {
            #expect(abs(value - reference) <= 1e-12)
        }
        for (value, reference) in zip(frames[1].doubles, expected.standardErrors) {
            #expect(abs(value - reference) <= 1e-12)
        }
        guard case .object(let header) = result else {
            Issue.record("the result is no object")
            return
        }
        #expect(header["batches"] == 5)
        #expect(header["examples"] == .integer(batches.map { $0[0].count }.reduce(0, +)))
        #expect(header["missing"] == .null, "nothing can be said of batches without numbers")
    }

    @Test func aLateSubscriberGetsTheLastMatrix() throws {
        let running = try RunningDaemon()
        let emitter = try RawEmitter(connectingTo: running.daemon.ingestEndpoints[0], context: running.context)
        #expect(try emitter.send(run: "late", step: 7, layers: waves(seed: 1, layerCount: 2, exampleCount: 6)))
        #expect(try running.settles("late", accumulated: 1))

        let subscriber = try Socket(.sub, in: running.context)
        try subscriber.connect(running.daemon.publishEndpoint)
        try subscriber.subscribe("cka/late/total/")
        let message = try #require(try subscriber.receiveMessage(timeout: .seconds(10)))
        #expect(message.count == 4)
        #expect(message[0].text == "cka/late/total/")
        #expect(message[2].byteCount == 32)
    }

    @Test func aBoundEmitterIsAttachedAndDetached() throws {
        let running = try RunningDaemon()
        let emitter = try RawEmitter(bindingIn: running.context)
        _ = try running.ask("attach", ["endpoint": .string(emitter.endpoint)])
        #expect(try emitter.nextSubscription()?.first == 1)
        #expect(try emitter.send(run: "own", step: 0, layers: waves(seed: 2, layerCount: 2, exampleCount: 5)))
        #expect(try running.settles("own", accumulated: 1))

        _ = try running.ask("detach", ["endpoint": .string(emitter.endpoint)])
        #expect(try emitter.nextSubscription()?.first == 0)
        #expect(throws: ControlClientError.self) {
            try running.ask("detach", ["endpoint": .string(emitter.endpoint)])
        }
    }

    @Test func aSecondDaemonIsRefused() throws {
        let running = try RunningDaemon()
        let endpoint = running.daemon.controlEndpoint
        #expect(throws: ControlError.alreadyRunning(endpoint: endpoint)) {
            try RunningDaemon { $0.control.bind = endpoint }
        }
    }

    @Test func memoryComesBackWhenBatchesAreDone() throws {
        let running = try RunningDaemon()
        let emitter = try RawEmitter(connectingTo: running.daemon.ingestEndpoints[0], context: running.context)
        for step in 0..<50 {
            var layers = waves(seed: step, layerCount: 4, exampleCount: 16)
            if step.isMultiple(of: 5) {
                layers[2][3][1] = .nan
            }
            #expect(try emitter.send(run: "m", step: step, layers: layers))
        }
        #expect(try running.settles("m", accumulated: 40))
        #expect(try running.accounting(of: "m")?["rejected"] == ["non_finite": 10])
        _ = try running.ask("forget", ["run": "m"])
        guard case .object(let status) = try running.ask("status").result, case .object(let memory)? = status["memory"]
        else {
            Issue.record("the status is no object")
            return
        }
        // The emitter is still there, and so are the workers.
        let setAside = ["connections", "scratch"].map { memory[$0]?.exactInteger ?? 0 }
        #expect(setAside.allSatisfy { $0 > 0 })
        #expect(memory["used"] == .integer(setAside.reduce(0, +)))
    }

    @Test func settingsThatNeedNoRestartApplyAtOnce() throws {
        let running = try RunningDaemon()
        let old = Settings()
        var new = old
        new.limits.memory = 123 << 20
        running.daemon.apply(new, replacing: old)
        guard case .object(let status) = try running.ask("status").result, case .object(let memory)? = status["memory"]
        else {
            Issue.record("the status is no object")
            return
        }
        #expect(memory["limit"] == .integer(123 << 20))
        #expect(try running.ask("reload").result == ["restart_needed": ["windows"]])
    }
}

/// Activations that any machine makes alike.
private func waves(seed: Int, layerCount: Int, exampleCount: Int) -> [[[Double]]] {
    (0..<layerCount).map { layer in
        (0..<exampleCount).map { row in
            (0..<(3 + layer)).map { column in
                let phase = Double((row + 1) * (column + 2) * (seed + 3)) + 0.7 * Double(layer)
                return (phase.truncatingRemainder(dividingBy: 17) - 8) / 4 + 10
            }
        }
    }
}

/// The matrix of batches, computed without a daemon: each batch a group of its own.
private func matrix(of batches: [[[[Double]]]]) -> CKAMatrix {
    var workspace = Workspace()
    let groups = batches.map { layers in
        let grams = layers.compactMap { rows in
            let numbers = rows.flatMap { $0 }
            return unsafe try? UCenteredGram(
                activations: numbers.span.bytes,
                elementType: .float64,
                exampleCount: rows.count,
                featureCount: rows[0].count,
                workspace: &workspace
            )
        }
        var group = HSICAccumulator(layerCount: layers.count)
        group.add(UCenteredBatch(grams: grams).hsic(workspace: &workspace))
        return group
    }
    return CKAMatrix(groups: groups)
}

extension Frame {
    /// The bytes as Float64 numbers.
    fileprivate var doubles: [Double] {
        self.withBytes { bytes in
            (0..<bytes.byteCount / 8).map { unsafe bytes.unsafeLoadUnaligned(fromByteOffset: $0 * 8, as: Double.self) }
        }
    }
}
