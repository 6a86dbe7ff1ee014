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
        guard case .work(.gram(let job, let isNeeded))? = queue.next() else { throw UnexpectedAssignment() }
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
        guard case .work(.products(let products))? = queue.next() else {
            throw UnexpectedAssignment()
        }
        #expect(products.batch == self.batch)
        #expect(products.grams.grams.map(\.norm) == (try [2, 0, 1].map { try self.gram(of: jobs[$0]).norm }))
        #expect(queue.abandon(self.batch) == 300)
        #expect(queue.abandon(self.batch) == 0)
    }

    /// Takes the next job, which must be products.
    private func takeProducts(_ queue: inout EngineQueue) throws -> ProductsJob {
        guard case .work(.products(let job))? = queue.next() else { throw UnexpectedAssignment() }
        return job
    }

    /// A hundred layers of as many examples, whose Gram matrices have been computed; further layers wait.
    private func queue(
        ofThreads threadCount: Int,
        reservedByteCount: Int = 1 << 30,
        waiting: Int = 0
    ) throws -> EngineQueue {
        let example = ExampleBatch(exampleCount: 128, featureCount: 3, layerCount: 100)
        let message = example.message(of: 0..<100)
        var queue = EngineQueue(threadCount: threadCount)
        _ = queue.append(
            self.batch,
            header: message.header,
            frames: message.frames,
            reservedByteCount: reservedByteCount
        )
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
        return queue
    }

    @Test func workersSharePartsOfTheProducts() throws {
        var queue = try self.queue(ofThreads: 2)
        let jobs = [try self.takeProducts(&queue), try self.takeProducts(&queue)]
        // There are as many as there are threads.
        #expect(queue.next() == nil)
        #expect(jobs.map(\.firstPart) == [0, 1])
        let grams = jobs[0].grams
        #expect(grams.partCount == 4)
        #expect(queue.takePart(of: jobs[1]) == 2)
        #expect(queue.takePart(of: jobs[1]) == 3)
        #expect(queue.takePart(of: jobs[0]) == nil)
        var workspace = Workspace()
        var shares = [grams.emptyShare, grams.emptyShare]
        for (part, worker) in [0, 1, 1, 1].enumerated() {
            grams.add(part: part, to: &shares[worker], workspace: &workspace)
        }
        let afterOne = queue.finish(jobs[1], with: shares[1], partCount: 3)
        #expect(afterOne == nil)
        let afterBoth = queue.finish(jobs[0], with: shares[0], partCount: 1)
        let products = grams.hsic(summing: try #require(afterBoth), workspace: &workspace).products
        let expected = grams.hsic(workspace: &workspace).products
        #expect(zip(products, expected).allSatisfy { abs($0 - $1) < 1e-15 * (expected.max() ?? 0) })
        #expect(queue.abandon(self.batch) == 1 << 30)
        #expect(queue.next() == nil)
    }

    /// One worker begins at once; others help once they have done what waits, if there is anything left then.
    @Test(arguments: [true, false])
    func helpComesAfterWhatWaits(isLate: Bool) throws {
        var queue = try self.queue(ofThreads: 2, waiting: 2)
        let job = try self.takeProducts(&queue)
        for _ in 0..<2 {
            #expect(try self.takeGram(&queue).job.batch.number == 2)
        }
        if isLate {
            for part in 1..<job.grams.partCount { #expect(queue.takePart(of: job) == part) }
            #expect(queue.next() == nil)
        } else {
            #expect(try self.takeProducts(&queue).firstPart == 1)
        }
    }

    @Test func partsOfAnAbandonedBatchAreNotHandedOut() throws {
        var queue = try self.queue(ofThreads: 2)
        let job = try self.takeProducts(&queue)
        #expect(queue.abandon(self.batch) == 1 << 30)
        #expect(queue.takePart(of: job) == nil)
        #expect(queue.next() == nil)
        let shares = queue.finish(job, with: job.grams.emptyShare, partCount: 1)
        #expect(shares == nil)
    }

    @Test func partsAreNotHandedOutAfterTheEnd() throws {
        var queue = try self.queue(ofThreads: 2)
        let job = try self.takeProducts(&queue)
        #expect(queue.stop() == 1 << 30)
        #expect(queue.takePart(of: job) == nil)
        let shares = queue.finish(job, with: job.grams.emptyShare, partCount: 1)
        #expect(shares == nil)
        #expect(queue.abandon(self.batch) == 0)
    }

    /// The triangles, the sum, and as many shares; messages of one layer each know of no other, and reserve for none.
    @Test(arguments: [(8, 0, 4), (4, 0, 4), (3, 0, 3), (3, -1, 2), (1, -1, 1), (0, 0, 1)])
    func asManyHelpAsMemoryWasReservedFor(shareCount: Int, more: Int, workerCount: Int) throws {
        let reserved = 100 * 8128 * 4 + (1 + shareCount) * 5050 * 8 + more
        var queue = try self.queue(ofThreads: 8, reservedByteCount: reserved)
        for _ in 0..<workerCount {
            _ = try self.takeProducts(&queue)
        }
        #expect(queue.next() == nil)
    }

    @Test func productsComeBeforeTheGramsOfTheNextBatch() throws {
        var queue = EngineQueue(threadCount: 2)
        #expect(self.append(0..<1, to: &queue))
        #expect(self.append(0..<3, to: &queue, batch: BatchID(run: .example, number: 2)))
        #expect(queue.seal(self.batch, layerOrder: [0]) == nil)
        let job = try self.takeGram(&queue).job
        #expect(queue.finish(self.batch, slot: 0, with: .success(try self.gram(of: job))) == nil)
        guard case .work(.products(let products))? = queue.next() else {
            throw UnexpectedAssignment()
        }
        #expect(products.batch == self.batch)
        #expect(queue.jobCount == 3)
    }

    // MARK: Workers

    /// Begins a job, which there must be.
    private func begin(_ queue: inout EngineQueue, after lastCost: Double? = nil) throws -> EngineQueue.Job {
        guard case .work(let job)? = queue.begin(afterOneOf: lastCost) else { throw UnexpectedAssignment() }
        return job
    }

    @Test func smallWorkIsOneWorkers() throws {
        var queue = EngineQueue(threadCount: 2)
        #expect(self.append(0..<2, to: &queue))
        var calls = [queue.takeCall(), queue.takeCall()]
        var job = try self.begin(&queue)
        // What comes while one is at work waits for that one.
        #expect(self.append(2..<3, to: &queue))
        calls.append(queue.takeCall())
        #expect(queue.seal(self.batch, layerOrder: [0, 1, 2]) == nil)
        calls.append(queue.takeCall())
        #expect(calls == [true, false, false, false])

        for slot in 0..<3 {
            guard case .gram(let gram, _) = job else { throw UnexpectedAssignment() }
            #expect(!queue.wantsWorker)
            #expect(queue.finish(self.batch, slot: slot, with: .success(try self.gram(of: gram))) == nil)
            let isCalled = queue.takeCall(isWorker: true)
            #expect(!isCalled)
            job = try self.begin(&queue, after: job.cost)
        }
        guard case .products = job else { throw UnexpectedAssignment() }
        // Once all sleep again, the next job calls.
        #expect(queue.begin(afterOneOf: job.cost) == nil)
        #expect(self.append(0..<1, to: &queue, batch: BatchID(run: .example, number: 2)))
        let isCalled = queue.takeCall()
        #expect(isCalled)
    }

    /// A run of small batches is not to wait for the products of another one.
    @Test func whoHelpsCountsAsAtWork() throws {
        let example = ExampleBatch(exampleCount: 256, featureCount: 3, layerCount: 80)
        let message = example.message(of: 0..<80)
        var queue = EngineQueue(threadCount: 2)
        _ = queue.append(self.batch, header: message.header, frames: message.frames, reservedByteCount: 1 << 30)
        #expect(queue.seal(self.batch, layerOrder: Array(0..<80)) == nil)
        var costs: [Double?] = [nil, nil]
        for place in 0..<80 {
            let job = try self.begin(&queue, after: costs[place % 2])
            costs[place % 2] = job.cost
            guard case .gram(let gram, _) = job else { throw UnexpectedAssignment() }
            #expect(queue.finish(self.batch, slot: gram.slot, with: .success(try self.gram(of: gram))) == nil)
        }
        let products = try costs.map { try self.begin(&queue, after: $0) }
        // The one who began with them is done first.
        #expect(queue.begin(afterOneOf: products[0].cost) == nil)
        #expect(self.append(0..<1, to: &queue, batch: BatchID(run: .named("small"), number: 2)))
        let isCalled = queue.takeCall()
        #expect(isCalled)
    }

    @Test func muchWorkCallsOneWorkerAfterTheOther() throws {
        // 18 million operations a layer.
        let message = ExampleBatch(exampleCount: 512, featureCount: 70, layerCount: 20).message(of: 0..<20)
        var queue = EngineQueue(threadCount: 8)
        _ = queue.append(self.batch, header: message.header, frames: message.frames, reservedByteCount: 0)
        let isCalled = queue.takeCall()
        #expect(isCalled)
        let first = try self.begin(&queue)
        let isSecondWanted = queue.wantsWorker
        _ = try self.begin(&queue)
        let isThirdWanted = queue.wantsWorker
        _ = try self.begin(&queue)
        let isFourthWanted = queue.wantsWorker
        #expect([isSecondWanted, isThirdWanted, isFourthWanted] == [true, true, false])
        // Who is awake goes on as long as there is anything.
        for _ in 3..<20 {
            _ = try self.begin(&queue, after: first.cost)
        }
        #expect(queue.begin(afterOneOf: first.cost) == nil)
        #expect(!queue.wantsWorker)
    }

    @Test func jobThatTakesLongIsNotWaitedFor() throws {
        let message = ExampleBatch(exampleCount: 512, featureCount: 700, layerCount: 1).message(of: 0..<1)
        var queue = EngineQueue(threadCount: 2)
        _ = queue.append(self.batch, header: message.header, frames: message.frames, reservedByteCount: 0)
        _ = try self.begin(&queue)
        #expect(!queue.wantsWorker)
        #expect(self.append(0..<1, to: &queue, batch: BatchID(run: .example, number: 2)))
        let isCalled = queue.takeCall()
        #expect(isCalled)
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
