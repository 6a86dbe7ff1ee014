internal import Monitoring
internal import Similarity
internal import WireFormat
internal import ZeroMQ

/// What the engine has to do: the jobs that wait, and how far each batch has come.
///
/// A value-type state machine. Workers take jobs out, and bring back what became of them.
struct EngineQueue: Sendable {
    /// A piece of work for one worker.
    enum Job: Sendable {
        /// A Gram matrix, which is not looked at where nobody needs it any more.
        case gram(GramJob, isNeeded: Bool)
        case products(ProductsJob)

        /// About how many floating-point operations it takes.
        var cost: Double {
            switch self {
            case .gram(let job, let isNeeded): isNeeded ? job.cost : 0
            case .products(let job): job.cost
            }
        }
    }

    /// What waits: for the products a note that they do, so that a batch that is done is held by nobody.
    fileprivate enum Entry: Sendable {
        case gram(GramJob)
        case products(BatchID)
    }

    /// What a worker gets.
    enum Assignment: Sendable {
        case work(Job)
        case stop
    }

    /// A batch that cannot be computed.
    struct FailedBatch: Sendable {
        let layer: NonFiniteLayer
        let reservedByteCount: Int
    }

    private var jobs = FairQueue<RunID, Entry>()
    private var batches: [BatchID: BatchProgress] = [:]
    private var isStopped = false
    private let threadCount: Int

    /// How many workers are at a job, and what these cost.
    private var activeCount = 0
    private var activeCost = 0.0

    /// Whether jobs have come for which no worker has been called.
    private var isCalling = false

    /// Creates an empty queue.
    ///
    /// - Parameter threadCount: The number of workers.
    init(threadCount: Int) {
        self.threadCount = threadCount
    }

    /// The number of jobs that wait.
    var jobCount: Int {
        self.jobs.count
    }

    /// Appends a job for every tensor of a message.
    ///
    /// - Returns: Whether the message was taken; after ``stop()`` none is.
    mutating func append(
        _ batch: BatchID,
        header: BatchHeader,
        frames: [Frame],
        withFirstComponents: Bool = false,
        reservedByteCount: Int
    ) -> Bool {
        guard !self.isStopped else { return false }
        let first = self.batches[batch, default: BatchProgress()]
            .append(tensorCount: frames.count, reservedByteCount: reservedByteCount)
        let jobs = frames.indices.map { index in
            let job = GramJob(
                batch: batch,
                slot: first + index,
                tensor: header.tensors[index],
                frame: frames[index],
                withFirstComponent: withFirstComponents
            )
            return (job: Entry.gram(job), cost: job.cost)
        }
        self.jobs.append(jobs, owner: batch.run)
        self.isCalling = true
        return true
    }

    /// Takes the order of a batch's layers.
    ///
    /// - Returns: The batch, where it turns out to have failed.
    mutating func seal(_ batch: BatchID, layerOrder: [Int]) -> FailedBatch? {
        self.batches[batch]?.seal(layerOrder: layerOrder)
        return self.proceed(with: batch)
    }

    /// Takes what became of a tensor, `nil` where it was not looked at.
    ///
    /// - Returns: The batch, where it turns out to have failed.
    mutating func finish(
        _ batch: BatchID,
        slot: Int,
        with result: Result<UCenteredGram, NonFiniteLayer>?
    ) -> FailedBatch? {
        self.batches[batch]?.finish(slot: slot, with: result)
        return self.proceed(with: batch)
    }

    /// Hands out a further part of a batch's products, `nil` where all have been taken or the batch is not wanted any
    /// more.
    mutating func takePart(of job: ProductsJob) -> Int? {
        self.batches[job.batch]?.takePart()
    }

    /// Takes a worker's share of a batch's products.
    ///
    /// - Returns: All shares, once no part is missing.
    mutating func finish(
        _ job: ProductsJob,
        with share: UCenteredBatch.PairShare,
        partCount: Int
    ) -> [UCenteredBatch.PairShare]? {
        self.batches[job.batch]?.finish(share, partCount: partCount)
    }

    /// Forgets a batch that is done, or that is not wanted any more.
    ///
    /// - Returns: The bytes that were reserved for it.
    mutating func abandon(_ batch: BatchID) -> Int {
        self.batches.removeValue(forKey: batch)?.reservedByteCount ?? 0
    }

    /// Tells all workers to stop, and forgets everything.
    ///
    /// - Returns: The bytes of the tensors that wait, and those that were reserved for batches.
    mutating func stop() -> Int {
        self.isStopped = true
        let waiting = self.jobs.removeAll().reduce(0) { $0 + $1.heldByteCount }
        let reserved = self.batches.values.reduce(0) { $0 + $1.reservedByteCount }
        self.batches = [:]
        return waiting + reserved
    }

    /// Takes out what a worker is to do next, `nil` where there is nothing.
    mutating func next() -> Assignment? {
        guard !self.isStopped else { return .stop }
        while let entry = self.jobs.popFirst() {
            switch entry {
            case .gram(let job):
                let isNeeded = self.batches[job.batch].map { !$0.hasFailed } ?? false
                return .work(.gram(job, isNeeded: isNeeded))
            case .products(let batch):
                if let job = self.batches[batch]?.takeProducts(of: batch) {
                    return .work(.products(job))
                }
            }
        }
        return nil
    }

    // MARK: Workers

    /// How many operations there must be for each worker that is awake before another one is woken: a millisecond and a
    /// third where a core does 100 of them in a nanosecond, ten where it has no AVX.
    ///
    /// The cores belong to the training job. To wake a worker takes time, on both sides, and two disturb whoever sends them
    /// numbers more than one does: of a small batch that two share, a tenth of their time is for nothing, and a fifth of the
    /// sender's. One worker alone is done a third of a millisecond later.
    static let leastCostForEach = 1.3e8

    /// Whether there is work for a worker more than are at a job.
    var wantsWorker: Bool {
        let cost = self.jobs.cost + self.activeCost
        return self.jobs.count > 0 && (self.activeCount == 0 || cost > Self.leastCostForEach * Double(self.activeCount))
    }

    /// Whether a worker is to be woken for jobs that have come since it was asked last.
    ///
    /// - Parameter isWorker: Whether a worker asks, who takes one of the jobs himself.
    /// - Returns: Whether one is to be woken.
    mutating func takeCall(isWorker: Bool = false) -> Bool {
        defer { self.isCalling = false }
        return self.isCalling && self.jobs.count > (isWorker ? 1 : 0) && self.wantsWorker
    }

    /// Hands a worker its next job, which ends the last one.
    ///
    /// - Parameter lastCost: What the last one cost, `nil` for a worker that has waited.
    /// - Returns: The job; `nil` where the worker is to wait for a call.
    mutating func begin(afterOneOf lastCost: Double?) -> Assignment? {
        if let lastCost {
            self.activeCount -= 1
            self.activeCost = self.activeCount == 0 ? 0 : self.activeCost - lastCost
        }
        let assignment = self.next()
        if case .work(let job)? = assignment {
            self.activeCount += 1
            self.activeCost += job.cost
        }
        return assignment
    }

    /// Puts the products that a batch is ready for before all other jobs of its run.
    ///
    /// What was begun is ended before anything else is begun: so the fewest Gram matrices are kept. Other workers come to
    /// help once they have done what waits now of the same run. A share costs a look at every product, and several workers
    /// that multiply, or read, at one time compete for what all cores have in common.
    private mutating func proceed(with batch: BatchID) -> FailedBatch? {
        switch self.batches[batch]?.outcome() {
        case .products(let grams):
            let reserved = self.batches[batch]?.reservedByteCount ?? 0
            let workerCount = self.workerCount(for: grams, reservedByteCount: reserved)
            self.batches[batch]?.lay(out: grams)
            let cost = ProductsJob.cost(of: grams)
            self.jobs.prepend([(job: Entry.products(batch), cost: cost)], owner: batch.run)
            let help = Array(repeating: (job: Entry.products(batch), cost: 0.0), count: workerCount - 1)
            self.jobs.append(help, owner: batch.run)
            self.isCalling = true
            return nil
        case .failed(let layer):
            return FailedBatch(layer: layer, reservedByteCount: self.abandon(batch))
        case nil:
            return nil
        }
    }

    /// How many workers may share the products of a batch: no more than its messages had reserved memory for, each of
    /// which knew of its own layers alone.
    private func workerCount(for grams: UCenteredBatch, reservedByteCount: Int) -> Int {
        let layerCount = grams.grams.count
        let left = grams.grams.reduce(reservedByteCount) { $0 - $1.byteCount }
        let affordable = left / UCenteredBatch.PairShare.byteCount(layerCount: layerCount) - 1
        let useful = UCenteredBatch.shareCount(
            layerCount: layerCount,
            exampleCount: grams.exampleCount,
            threadCount: self.threadCount
        )
        return max(1, min(useful, affordable))
    }
}

extension EngineQueue.Entry {
    /// The bytes of the tensor that waits with the job.
    fileprivate var heldByteCount: Int {
        switch self {
        case .gram(let job): job.tensor.byteCount
        case .products: 0
        }
    }
}
