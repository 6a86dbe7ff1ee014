import Similarity
import Testing
import WireFormat
import ZeroMQ

@testable import Computation
@testable import Monitoring

@Suite("EngineQueue")
struct EngineQueueTests {
    private let example = ExampleBatch()
    private let batch = BatchID(run: .example, number: 1)

    /// Takes the next job, which must be a Gram matrix.
    private func takeGram(_ queue: inout EngineQueue) throws -> (job: GramJob, isNeeded: Bool) {
        guard case .work(.gram(let job), let isNeeded)? = queue.next() else { throw UnexpectedAssignment() }
        return (job, isNeeded)
    }

    private struct UnexpectedAssignment: Error {}

    private func gram(of job: GramJob) throws -> UCenteredGram {
        var workspace = Workspace()
        return try job.run(workspace: &workspace)
    }

    private func append(_ range: Range<Int>, to queue: inout EngineQueue, batch: BatchID? = nil) -> Bool {
        let message = self.example.message(of: range)
        return queue.append(
            batch ?? self.batch,
            header: message.header,
            frames: message.frames,
            reservedByteCount: 100 * range.count
        )
    }

    @Test func productsFollowTheLastGramInTheOrderOfTheLayers() throws {
        var queue = EngineQueue(threadCount: 2)
        #expect(self.append(0..<2, to: &queue))
        #expect(self.append(2..<3, to: &queue))
        let jobs = try (0..<3).map { _ in try self.takeGram(&queue).job }
        #expect(jobs.map(\.slot) == [0, 1, 2])
        #expect(queue.seal(self.batch, layerOrder: [2, 0, 1]) == nil)
        for job in jobs.reversed() {
            #expect(queue.next() == nil)
            #expect(queue.finish(self.batch, slot: job.slot, with: .success(try self.gram(of: job))) == nil)
        }
        guard case .work(.products(let products), isNeeded: true)? = queue.next() else {
            throw UnexpectedAssignment()
        }
        #expect(products.batch == self.batch)
        #expect(products.grams.grams.map(\.norm) == (try [2, 0, 1].map { try self.gram(of: jobs[$0]).norm }))
        #expect(queue.abandon(self.batch) == 300)
        #expect(queue.abandon(self.batch) == 0)
    }

    @Test func sharesOfTheProductsAreHandedOutTogetherOnceTheLastIsThere() throws {
        let example = ExampleBatch(exampleCount: 100, featureCount: 3, layerCount: 100)
        let message = example.message(of: 0..<100)
        var queue = EngineQueue(threadCount: 2)
        // The triangles, the sum and two shares.
        let reserved = 100 * 4950 * 4 + 3 * 5050 * 8
        let isTaken = queue.append(
            self.batch,
            header: message.header,
            frames: message.frames,
            reservedByteCount: reserved
        )
        #expect(isTaken)
        #expect(queue.seal(self.batch, layerOrder: Array(0..<100)) == nil)
        for _ in 0..<100 {
            let job = try self.takeGram(&queue).job
            #expect(queue.finish(self.batch, slot: job.slot, with: .success(try self.gram(of: job))) == nil)
        }
        var jobs: [ProductsJob] = []
        while case .work(.products(let job), isNeeded: true)? = queue.next() { jobs.append(job) }
        #expect(Set(jobs.map(\.share)) == [0, 1])
        let columnCount = jobs.reduce(0) { $0 + $1.grams.columnCount(ofParts: $1.parts) }
        #expect(columnCount == 4950)

        var workspace = Workspace()
        let shares = jobs.map { $0.grams.pairShare(of: $0.parts, workspace: &workspace) }
        let afterOne = queue.finish(jobs[0], with: shares[0])
        #expect(afterOne == nil)
        // Nobody is woken for this, nor for the batch that is done: there is nothing to do.
        #expect(queue.next() == nil)
        let afterBoth = queue.finish(jobs[1], with: shares[1])
        let all = try #require(afterBoth)
        let products = jobs[0].grams.hsic(summing: all, workspace: &workspace).products
        let expected = jobs[0].grams.hsic(workspace: &workspace).products
        #expect(zip(products, expected).allSatisfy { abs($0 - $1) < 1e-15 * (expected.max() ?? 0) })
        #expect(queue.next() == nil)
        #expect(queue.abandon(self.batch) == reserved)
        #expect(queue.next() == nil)
    }

    /// What waits keeps the other workers busy.
    @Test(arguments: [(threadCount: 2, waiting: 1, shareCount: 1), (4, 1, 3), (4, 0, 4), (2, 50, 1)])
    func productsAreSharedByTheWorkersThatNoOtherJobWaitsFor(threadCount: Int, waiting: Int, shareCount: Int) throws {
        let example = ExampleBatch(exampleCount: 128, featureCount: 3, layerCount: 100)
        let message = example.message(of: 0..<100)
        var queue = EngineQueue(threadCount: threadCount)
        _ = queue.append(self.batch, header: message.header, frames: message.frames, reservedByteCount: 1 << 30)
        #expect(queue.seal(self.batch, layerOrder: Array(0..<100)) == nil)
        let next = example.message(of: 0..<waiting)
        _ = queue.append(
            BatchID(run: .example, number: 2),
            header: next.header,
            frames: next.frames,
            reservedByteCount: 0
        )
        for _ in 0..<100 {
            let job = try self.takeGram(&queue).job
            #expect(queue.finish(self.batch, slot: job.slot, with: .success(try self.gram(of: job))) == nil)
        }
        var counts: [Int] = []
        while case .work(.products(let job), isNeeded: true)? = queue.next() {
            counts.append(job.grams.columnCount(ofParts: job.parts))
        }
        #expect(counts.count == shareCount)
        #expect(counts.reduce(0, +) == 128 * 127 / 2)
    }

    /// One layer a message: none of them knew of the others' products.
    @Test func productsAreNotSharedWhereNoMemoryWasReservedForIt() throws {
        let example = ExampleBatch(exampleCount: 100, featureCount: 3, layerCount: 100)
        var queue = EngineQueue(threadCount: 2)
        for layer in 0..<100 {
            let message = example.message(of: layer..<layer + 1)
            _ = queue.append(
                self.batch,
                header: message.header,
                frames: message.frames,
                reservedByteCount: 4950 * 4 + 2 * 8
            )
        }
        #expect(queue.seal(self.batch, layerOrder: Array(0..<100)) == nil)
        for _ in 0..<100 {
            let job = try self.takeGram(&queue).job
            #expect(queue.finish(self.batch, slot: job.slot, with: .success(try self.gram(of: job))) == nil)
        }
        guard case .work(.products(let products), isNeeded: true)? = queue.next() else {
            throw UnexpectedAssignment()
        }
        #expect(products.parts == 0..<products.grams.partCount)
        #expect(queue.next() == nil)
    }

    @Test func productsComeBeforeTheGramsOfTheNextBatch() throws {
        var queue = EngineQueue(threadCount: 2)
        #expect(self.append(0..<1, to: &queue))
        #expect(self.append(0..<3, to: &queue, batch: BatchID(run: .example, number: 2)))
        #expect(queue.seal(self.batch, layerOrder: [0]) == nil)
        let job = try self.takeGram(&queue).job
        #expect(queue.finish(self.batch, slot: 0, with: .success(try self.gram(of: job))) == nil)
        guard case .work(.products(let products), isNeeded: true)? = queue.next() else {
            throw UnexpectedAssignment()
        }
        #expect(products.batch == self.batch)
        #expect(queue.jobCount == 3)
    }

    @Test func failedBatchNamesItsLayerOnceSealedAndSkipsTheRest() throws {
        var queue = EngineQueue(threadCount: 2)
        #expect(self.append(0..<3, to: &queue))
        let first = try self.takeGram(&queue)
        #expect(first.isNeeded)
        let failure = NonFiniteLayer(layer: "layer 0")
        #expect(queue.finish(self.batch, slot: 0, with: .failure(failure)) == nil)
        for slot in 1..<3 {
            #expect(try !self.takeGram(&queue).isNeeded)
            #expect(queue.finish(self.batch, slot: slot, with: nil) == nil)
        }
        let failed = queue.seal(self.batch, layerOrder: [0, 1, 2])
        #expect(failed?.layer == failure)
        #expect(failed?.reservedByteCount == 300)
        #expect(queue.next() == nil)
    }

    @Test func jobsOfAnAbandonedBatchAreNotNeeded() throws {
        var queue = EngineQueue(threadCount: 2)
        #expect(self.append(0..<2, to: &queue))
        let first = try self.takeGram(&queue)
        #expect(queue.abandon(self.batch) == 200)
        #expect(try !self.takeGram(&queue).isNeeded)
        #expect(queue.finish(self.batch, slot: 0, with: .success(try self.gram(of: first.job))) == nil)
        #expect(queue.finish(self.batch, slot: 1, with: nil) == nil)
        #expect(queue.seal(self.batch, layerOrder: [0, 1]) == nil)
        #expect(queue.next() == nil)
    }

    @Test func stoppingGivesEverythingBackAndTakesNothingMore() throws {
        var queue = EngineQueue(threadCount: 2)
        #expect(self.append(0..<3, to: &queue))
        let running = try self.takeGram(&queue).job
        let waiting = 2 * running.tensor.byteCount
        #expect(queue.stop() == waiting + 300)
        #expect(queue.stop() == 0)
        #expect(!self.append(0..<1, to: &queue))
        #expect(queue.finish(self.batch, slot: 0, with: .success(try self.gram(of: running))) == nil)
        guard case .stop? = queue.next() else { throw UnexpectedAssignment() }
    }
}

@Suite("BatchProgress")
struct BatchProgressTests {
    @Test func isUndecidedUntilSealedAndComplete() {
        var progress = BatchProgress()
        #expect(progress.append(tensorCount: 1, reservedByteCount: 10) == 0)
        #expect(progress.append(tensorCount: 2, reservedByteCount: 20) == 1)
        #expect(progress.reservedByteCount == 30)
        progress.seal(layerOrder: [0, 1, 2])
        for slot in 0..<2 {
            progress.finish(slot: slot, with: nil)
            #expect(progress.outcome() == nil)
        }
        #expect(!progress.hasFailed)
        progress.finish(slot: 2, with: .failure(NonFiniteLayer(layer: "last")))
        #expect(progress.hasFailed)
        guard case .failed(let layer)? = progress.outcome() else {
            Issue.record("The batch has not failed")
            return
        }
        #expect(layer.layer == "last")
    }

    @Test func firstFailureIsTheOneThatIsTold() {
        var progress = BatchProgress()
        _ = progress.append(tensorCount: 2, reservedByteCount: 0)
        progress.finish(slot: 1, with: .failure(NonFiniteLayer(layer: "b")))
        progress.finish(slot: 0, with: .failure(NonFiniteLayer(layer: "a")))
        #expect(progress.outcome() == nil)
        progress.seal(layerOrder: [0, 1])
        guard case .failed(let layer)? = progress.outcome() else {
            Issue.record("The batch has not failed")
            return
        }
        #expect(layer.layer == "b")
    }
}
