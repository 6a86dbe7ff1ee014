internal import Computation
internal import Monitoring
public import Similarity
internal import Threads
internal import WireFormat

/// An engine as the daemon has it, fed with batches that are in memory.
///
/// The whole path of a batch: widening, centring, Gram matrices, U-centring, and the products of all pairs of layers.
public final class EngineTrial {
    private let engine: GramEngine
    private let results: Mailbox<GramEngine.BatchResult>
    private let memory = MemoryBudget(limit: .max)
    private var pendingCount = 0
    private var number = 0

    /// Starts an engine.
    ///
    /// - Parameter threadCount: The number of its workers.
    /// - Throws: ``SystemError`` where there are no more threads.
    public init(threadCount: Int) throws {
        let results = Mailbox<GramEngine.BatchResult>(capacity: 64)
        self.results = results
        self.engine = try GramEngine(threadCount: threadCount, memory: self.memory) { _, result in
            _ = results.push(result)
        }
    }

    deinit {
        self.engine.stop()
    }

    /// Computes batches, one after another and again from the first; the next call goes on with the next one.
    ///
    /// - Parameters:
    ///   - batches: The batches, at least one.
    ///   - count: How many are computed.
    ///   - inFlight: How many are with the engine at one time, 64 at most. With one alone, what a single thread does at
    ///     the end of a batch leaves the others idle.
    /// - Returns: The last result.
    /// - Throws: ``NonFiniteLayer`` where the batch cannot be computed.
    @discardableResult
    public func compute(_ batches: [SyntheticBatch], count: Int = 1, inFlight: Int = 1) throws -> BatchHSIC? {
        precondition(!batches.isEmpty, "There is nothing to compute")
        precondition(1...64 ~= inFlight, "\(inFlight) batches cannot be with the engine at one time")
        var submitted = 0
        var last: BatchHSIC?
        for _ in 0..<count {
            while submitted < count, self.pendingCount < inFlight {
                self.submit(batches[self.number % batches.count])
                submitted += 1
            }
            last = try self.results.pop()?.get()
            self.pendingCount -= 1
        }
        return last
    }

    private func submit(_ batch: SyntheticBatch) {
        self.pendingCount += 1
        self.number += 1
        let id = BatchID(run: batch.header.run, number: self.number)
        let reserved = self.engine.byteCount(of: batch.header)
        let tensors = batch.header.tensors.reduce(0) { $0 + $1.byteCount }
        precondition(self.memory.reserve(reserved + tensors), "A budget without a limit has room")
        self.engine.compute(id, header: batch.header, frames: batch.frames, reservedByteCount: reserved)
        self.engine.seal(id, layerOrder: Array(batch.header.tensors.indices))
    }
}
