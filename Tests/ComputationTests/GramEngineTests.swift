import Similarity
import Testing
import Threads
import WireFormat
import ZeroMQ

@testable import Computation
@testable import Monitoring

@Suite("GramEngine")
struct GramEngineTests {
    private typealias Report = (batch: BatchID, result: GramEngine.BatchResult)

    /// How long a test waits for what must happen; only a failing test waits that long.
    private static let patience = Duration.seconds(20)

    private let memory = MemoryBudget(limit: 1 << 30)
    private let reports = Mailbox<Report>(capacity: 256)
    private let batch = BatchID(run: .example, number: 1)

    private func engine(threadCount: Int) throws -> GramEngine {
        try GramEngine(threadCount: threadCount, memory: self.memory) { [reports] batch, result in
            _ = reports.push((batch, result))
        }
    }

    /// Hands a message over as the daemon does: its tensors and Gram matrices are paid for first.
    private func submit(
        _ example: ExampleBatch,
        layers: Range<Int>? = nil,
        as batch: BatchID,
        withFirstComponents: Bool = false,
        to engine: GramEngine
    ) {
        let message = example.message(of: layers ?? example.layers.indices, run: batch.run)
        let reserved = engine.byteCount(of: message.header, withFirstComponents: withFirstComponents)
        #expect(self.memory.reserve(reserved + message.frames.reduce(0) { $0 + $1.byteCount }))
        engine.compute(
            batch,
            header: message.header,
            frames: message.frames,
            withFirstComponents: withFirstComponents,
            reservedByteCount: reserved
        )
    }

    /// The next report, by when all that was reserved for its batch is free.
    private func nextReport() throws -> Report {
        try #require(self.reports.pop(timeout: Self.patience))
    }

    @Test(arguments: [1, 4])
    func contributionIsThatOfADirectComputation(threadCount: Int) throws {
        let example = ExampleBatch(exampleCount: 12, featureCount: 30, layerCount: 7)
        let engine = try self.engine(threadCount: threadCount)
        defer { engine.stop() }
        self.submit(example, as: self.batch, to: engine)
        engine.seal(self.batch, layerOrder: Array(0..<7))
        let report = try self.nextReport()
        #expect(report.batch == self.batch)
        #expect(try report.result.get() == (try example.hsic()))
        #expect(self.memory.used == 0)
    }

    /// Enough layers and examples for a share of the products for each of three threads.
    @Test func productsThatThreadsShareAreTheSame() throws {
        let example = ExampleBatch(exampleCount: 128, featureCount: 3, layerCount: 100)
        #expect(UCenteredBatch.shareCount(layerCount: 100, exampleCount: 128, threadCount: 3) == 3)
        let engine = try self.engine(threadCount: 3)
        defer { engine.stop() }
        let expected = try example.hsic()
        for number in 1...3 {
            let batch = BatchID(run: .example, number: number)
            self.submit(example, as: batch, to: engine)
            engine.seal(batch, layerOrder: Array(0..<100))
            let products = try self.nextReport().result.get().products
            #expect(
                zip(products, expected.products).allSatisfy { abs($0 - $1) < 1e-15 * (expected.products.max() ?? 0) }
            )
        }
        #expect(self.memory.used == 0)
    }

    @Test func firstComponentsComeWhereTheyAreAskedForInEveryPart() throws {
        let example = ExampleBatch(exampleCount: 12, featureCount: 30, layerCount: 4)
        let engine = try self.engine(threadCount: 2)
        defer { engine.stop() }
        for isWhole in [true, false] {
            let batch = BatchID(run: .example, number: isWhole ? 1 : 2)
            self.submit(example, layers: 0..<2, as: batch, withFirstComponents: true, to: engine)
            self.submit(example, layers: 2..<4, as: batch, withFirstComponents: isWhole, to: engine)
            engine.seal(batch, layerOrder: Array(0..<4))
            let hsic = try self.nextReport().result.get()
            #expect(hsic == (try example.hsic(withFirstComponents: isWhole)))
            #expect((hsic.firstComponents != nil) == isWhole)
        }
        #expect(self.memory.used == 0)
    }

    @Test func memoryOfAComponentIsPaidFor() throws {
        let example = ExampleBatch(exampleCount: 40, featureCount: 30, layerCount: 3)
        let header = example.message(of: 0..<3).header
        var workspace = Workspace()
        let held = try example.layers.reduce(0) { held, layer in
            held
                + (try UCenteredGram(
                    activations: unsafe layer.span.bytes,
                    elementType: .float32,
                    exampleCount: 40,
                    featureCount: 30,
                    withFirstComponent: true,
                    workspace: &workspace
                )).byteCount
        }
        let engine = try self.engine(threadCount: 1)
        defer { engine.stop() }
        #expect(held > engine.byteCount(of: header))
        #expect(held <= engine.byteCount(of: header, withFirstComponents: true))
    }

    @Test func partsInAnyOrderGiveTheSameContribution() throws {
        let example = ExampleBatch(layerCount: 5)
        let engine = try self.engine(threadCount: 2)
        defer { engine.stop() }
        self.submit(example, layers: 3..<5, as: self.batch, to: engine)
        self.submit(example, layers: 0..<3, as: self.batch, to: engine)
        engine.seal(self.batch, layerOrder: [2, 3, 4, 0, 1])
        #expect(try self.nextReport().result.get() == (try example.hsic()))
        #expect(self.memory.used == 0)
    }

    @Test func manyBatchesOfManyRunsAreAllReportedOnce() throws {
        let engine = try self.engine(threadCount: 4)
        defer { engine.stop() }
        let batches = (0..<60).map { BatchID(run: .named("run-\($0 % 7)"), number: $0) }
        for batch in batches {
            let example = ExampleBatch(seed: UInt64(batch.number))
            self.submit(example, as: batch, to: engine)
            engine.seal(batch, layerOrder: [0, 1, 2])
        }
        var seen: Set<BatchID> = []
        for _ in batches {
            let report = try self.nextReport()
            #expect(seen.insert(report.batch).inserted)
            let example = ExampleBatch(seed: UInt64(report.batch.number))
            #expect(try report.result.get() == (try example.hsic()))
        }
        #expect(engine.waitingJobCount == 0)
        #expect(self.memory.used == 0)
    }

    @Test func runOfSmallBatchesWaitsForTheJobInProgressOnlyAndNotForAQueueOfLargeOnes() throws {
        let gate = Mailbox<Void>(capacity: 1)
        let engine = try GramEngine(threadCount: 1, memory: self.memory) { [reports] batch, result in
            _ = reports.push((batch, result))
            // Closed after the first report, it holds nobody any more.
            _ = gate.pop()
        }
        defer { engine.stop() }
        let large = ExampleBatch(exampleCount: 64, featureCount: 4000)
        let small = ExampleBatch(exampleCount: 8, featureCount: 5)
        func submit(_ example: ExampleBatch, run: String, numbers: Range<Int>) -> [BatchID] {
            let batches = numbers.map { BatchID(run: .named(run), number: $0) }
            for batch in batches {
                self.submit(example, as: batch, to: engine)
                engine.seal(batch, layerOrder: [0, 1, 2])
            }
            return batches
        }
        let largeBatches = submit(large, run: "large", numbers: 0..<20)
        // The only worker is in its report, and the large run's queue is long when the small run comes.
        #expect(try self.nextReport().batch == largeBatches[0])
        let smallBatches = submit(small, run: "small", numbers: 20..<25)
        gate.close()
        let order = try (1..<25).map { _ in try self.nextReport().batch }
        #expect(order == smallBatches + largeBatches.dropFirst())
        #expect(self.memory.used == 0)
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func layerThatIsNotFiniteIsNamed(value: Float) throws {
        var example = ExampleBatch()
        example.layers[1][7] = value
        let engine = try self.engine(threadCount: 2)
        defer { engine.stop() }
        self.submit(example, as: self.batch, to: engine)
        engine.seal(self.batch, layerOrder: [0, 1, 2])
        guard case .failure(let failure) = try self.nextReport().result else {
            Issue.record("The batch was computed")
            return
        }
        #expect(failure.layer == "layer 1")
        #expect(self.memory.used == 0)
    }

    @Test func failureOfABatchThatIsSealedLateIsReportedToo() throws {
        var example = ExampleBatch(layerCount: 1)
        example.layers[0][0] = .nan
        let engine = try self.engine(threadCount: 1)
        defer { engine.stop() }
        self.submit(example, as: self.batch, to: engine)
        // Once a batch behind it is reported, the first one's tensor has been looked at.
        let next = BatchID(run: .example, number: 2)
        self.submit(ExampleBatch(), as: next, to: engine)
        engine.seal(next, layerOrder: [0, 1, 2])
        #expect(try self.nextReport().batch == next)
        engine.seal(self.batch, layerOrder: [0])
        #expect(throws: NonFiniteLayer(layer: "layer 0")) { try self.nextReport().result.get() }
        #expect(self.memory.used == 0)
    }

    @Test func abandonedBatchIsNotReportedAndFreesItsMemory() throws {
        let engine = try self.engine(threadCount: 2)
        defer { engine.stop() }
        self.submit(ExampleBatch(), layers: 0..<2, as: self.batch, to: engine)
        engine.abandon(self.batch)
        engine.abandon(self.batch)
        engine.seal(self.batch, layerOrder: [0, 1])
        let next = BatchID(run: .example, number: 2)
        self.submit(ExampleBatch(), as: next, to: engine)
        engine.seal(next, layerOrder: [0, 1, 2])
        #expect(try self.nextReport().batch == next)
        engine.stop()
        #expect(self.reports.count == 0)
        #expect(self.memory.used == 0)
    }

    @Test func stoppingFreesWhatWaits() throws {
        let isHeld = Mailbox<Void>(capacity: 1)
        let gate = Mailbox<Void>(capacity: 1)
        let engine = try GramEngine(threadCount: 1, memory: self.memory) { _, _ in
            _ = isHeld.push(())
            _ = gate.pop()
        }
        self.submit(ExampleBatch(), as: self.batch, to: engine)
        engine.seal(self.batch, layerOrder: [0, 1, 2])
        // The only worker is in its report, so what comes now waits.
        _ = try #require(isHeld.pop(timeout: Self.patience))
        for number in 2..<10 {
            let batch = BatchID(run: .example, number: number)
            self.submit(ExampleBatch(), as: batch, to: engine)
            if number.isMultiple(of: 2) {
                engine.seal(batch, layerOrder: [0, 1, 2])
            }
        }
        #expect(engine.waitingJobCount == 24)
        #expect(self.memory.used > 0)
        gate.close()
        engine.stop()
        #expect(engine.waitingJobCount == 0)
        #expect(self.memory.used == 0)

        self.submit(ExampleBatch(), as: BatchID(run: .example, number: 10), to: engine)
        #expect(self.memory.used == 0)
    }

    @Test func scratchMemoryIsSetAsideUntilTheEngineStops() throws {
        let engine = try self.engine(threadCount: 1)
        self.submit(ExampleBatch(), as: self.batch, to: engine)
        engine.seal(self.batch, layerOrder: [0, 1, 2])
        _ = try self.nextReport()
        // The second report comes after what the first batch needed was counted.
        let next = BatchID(run: .example, number: 2)
        self.submit(ExampleBatch(), as: next, to: engine)
        engine.seal(next, layerOrder: [0, 1, 2])
        _ = try self.nextReport()
        #expect(self.memory.setAside(for: .scratch) > 0)
        engine.stop()
        #expect(self.memory.total == 0)
    }

    @Test func scratchThatFindsNoRoomIsLetGoOf() throws {
        // An eighth of this is less than the products of two layers take, and all of it just enough for the batch.
        let example = ExampleBatch(exampleCount: 16, featureCount: 1)
        let message = example.message(of: 0..<3)
        let other = try self.engine(threadCount: 1)
        defer { other.stop() }
        let reserved = other.byteCount(of: message.header)
        let memory = MemoryBudget(limit: reserved + message.frames.reduce(0) { $0 + $1.byteCount })
        let engine = try GramEngine(threadCount: 1, memory: memory) { [reports] batch, result in
            _ = reports.push((batch, result))
        }
        defer { engine.stop() }
        for number in 1...5 {
            let batch = BatchID(run: .example, number: number)
            #expect(memory.reserve(memory.limit))
            engine.compute(batch, header: message.header, frames: message.frames, reservedByteCount: reserved)
            engine.seal(batch, layerOrder: [0, 1, 2])
            #expect(try self.nextReport().result.get() == (try example.hsic()))
        }
    }

    @Test func estimateCountsStrictTrianglesAndEveryShareOfTheProducts() throws {
        let engine = try self.engine(threadCount: 2)
        defer { engine.stop() }
        let small = ExampleBatch(exampleCount: 8, layerCount: 3).message(of: 0..<3).header
        #expect(engine.byteCount(of: small) == 3 * 28 * 4 + (1 + 1) * 6 * 8)
        let large = ExampleBatch(exampleCount: 100, featureCount: 1, layerCount: 100).message(of: 0..<100).header
        #expect(engine.byteCount(of: large) == 100 * 4950 * 4 + (2 + 1) * 5050 * 8)
        // However many threads there are, shares take no more than the triangles.
        for (layers, examples) in [(4096, 64), (1000, 64), (4096, 4), (200, 256)] {
            let count = UCenteredBatch.shareCount(layerCount: layers, exampleCount: examples, threadCount: 1000)
            let triangles = layers * examples * (examples - 1) / 2 * 4
            #expect(count == 1 || count * UCenteredBatch.PairShare.byteCount(layerCount: layers) <= triangles * 11 / 10)
        }
    }
}
