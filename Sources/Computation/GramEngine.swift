public import Monitoring
public import Similarity
internal import Threads
public import WireFormat
public import ZeroMQ

/// Turns tensors into Gram matrices, and the Gram matrices of a batch into its contribution.
///
/// Each tensor is a job of its own, so that the layers of a batch spread over the cores and a
/// message's memory is freed tensor by tensor. Runs share the workers by the cost of their jobs.
/// Every worker is a thread that does nothing else and owns its scratch memory.
public final class GramEngine: Sendable {
    /// What the engine makes of a batch.
    public typealias BatchResult = Result<BatchHSIC, NonFiniteLayer>

    private let queue: Awaited<EngineQueue>
    private let memory: MemoryBudget
    private let report: @Sendable (BatchID, BatchResult) -> Void
    private let workers: [NamedThread]
    private let threadCount: Int

    /// Starts the workers.
    ///
    /// - Parameters:
    ///   - threadCount: The number of workers.
    ///   - memory: The budget to which the bytes of tensors and Gram matrices are given back.
    ///   - report: Takes the result of each batch, on a worker's thread.
    /// - Throws: ``SystemError`` where a thread cannot be started.
    public init(
        threadCount: Int,
        memory: MemoryBudget,
        report: @escaping @Sendable (BatchID, BatchResult) -> Void
    ) throws {
        precondition(threadCount > 0, "An engine needs a worker")
        let queue = Awaited(EngineQueue(threadCount: threadCount))
        self.queue = queue
        self.memory = memory
        self.report = report
        self.threadCount = threadCount
        do {
            self.workers = try (0..<threadCount).map { index in
                try NamedThread(name: "gram-\(index)") {
                    GramWorker(queue: queue, memory: memory, report: report).run()
                }
            }
        } catch {
            // The threads before it would wait for work for ever.
            _ = queue.update { $0.stop() }
            throw error
        }
    }

    /// The bytes that the Gram matrices and the products of a message take.
    ///
    /// A layer that is not Float64 may still fall back to it where its scale asks for that; the
    /// estimate is for the usual case. A first component takes as much again: the Gram matrix without it.
    ///
    /// - Parameters:
    ///   - header: The message's header.
    ///   - withFirstComponents: Whether the layers' first components are computed.
    /// - Returns: The number of bytes.
    public func byteCount(of header: BatchHeader, withFirstComponents: Bool = false) -> Int {
        let n = header.exampleCount
        let grams = header.tensors.reduce(0) { $0 + n * (n - 1) / 2 * max(4, $1.elementType.byteCount) }
        let layers = header.tensors.count
        let contribution = layers * (layers + 1) / 2 * MemoryLayout<Double>.stride
        let shares = UCenteredBatch.shareCount(layerCount: layers, exampleCount: n, threadCount: self.threadCount)
        let products = contribution + shares * UCenteredBatch.PairShare.byteCount(layerCount: layers)
        guard withFirstComponents else { return grams + products }
        let vectors = layers * n * MemoryLayout<Double>.stride
        let components = BatchFirstComponents.byteCount(layerCount: layers, exampleCount: n)
        return 2 * grams + products + vectors + components
    }

    /// Takes the tensors of a message.
    ///
    /// - Parameters:
    ///   - batch: The batch that they belong to.
    ///   - header: The message's header.
    ///   - frames: The tensors' bytes, one frame for each tensor of the header. Their bytes are
    ///     reserved in the budget, and given back as each tensor is done.
    ///   - withFirstComponents: Whether the layers' first components are computed. A batch has them where all of its
    ///     messages do.
    ///   - reservedByteCount: What was reserved for the Gram matrices. It is given back with the result.
    /// - Precondition: There are as many frames as the header has tensors.
    public func compute(
        _ batch: BatchID,
        header: BatchHeader,
        frames: [Frame],
        withFirstComponents: Bool = false,
        reservedByteCount: Int
    ) {
        precondition(frames.count == header.tensors.count, "Each tensor comes in a frame of its own")
        let isTaken = self.queue.update(wakingOneIf: { $0.takeCall() }) { queue in
            queue.append(
                batch,
                header: header,
                frames: frames,
                withFirstComponents: withFirstComponents,
                reservedByteCount: reservedByteCount
            )
        }
        if !isTaken {
            self.memory.release(header.tensors.reduce(reservedByteCount) { $0 + $1.byteCount })
        }
    }

    /// Takes the order of a batch's layers: all its tensors have been taken.
    ///
    /// - Parameters:
    ///   - batch: The batch.
    ///   - layerOrder: For each layer, the place of its tensor among all those of the batch.
    public func seal(_ batch: BatchID, layerOrder: [Int]) {
        let failed = self.queue.update(wakingOneIf: { $0.takeCall() }) { queue in
            queue.seal(batch, layerOrder: layerOrder)
        }
        if let failed {
            self.memory.release(failed.reservedByteCount)
            self.report(batch, .failure(failed.layer))
        }
    }

    /// Forgets a batch.
    ///
    /// What has been computed of it is freed, what is waiting is skipped.
    public func abandon(_ batch: BatchID) {
        self.memory.release(self.queue.updateQuietly { $0.abandon(batch) })
    }

    /// The number of jobs that wait.
    public var waitingJobCount: Int {
        self.queue.read { $0.jobCount }
    }

    /// Stops the workers after the job that each is at, and waits for them.
    ///
    /// What waits is not computed, and its memory is given back.
    public func stop() {
        self.memory.release(self.queue.update { $0.stop() })
        for worker in self.workers {
            worker.join()
        }
    }
}
