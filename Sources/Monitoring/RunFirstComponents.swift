internal import Similarity
internal import WireFormat

/// What a run keeps of the first components of its batches, beside the sums in the windows.
struct RunFirstComponents: Sendable {
    /// The shares of the examples of the latest batches.
    private(set) var shares = ShareStore()

    /// The number of batches whose components were not kept, for want of memory.
    private(set) var droppedBatchCount = 0

    private var reservedByteCount = 0
    private var batchCount = 0

    /// The place of the next batch among all of its generation.
    mutating func nextOrdinal() -> Int {
        defer { self.batchCount += 1 }
        return self.batchCount
    }

    /// Pays for the sums in the windows, where that has not been done for this generation.
    ///
    /// - Returns: Whether there is memory for them; if not, the batch counts as one whose components were dropped.
    mutating func reserve(_ byteCount: Int, memory: MemoryBudget) -> Bool {
        guard self.reservedByteCount == 0 else { return true }
        guard memory.reserve(byteCount) else {
            self.droppedBatchCount += 1
            return false
        }
        self.reservedByteCount = byteCount
        return true
    }

    /// Keeps the shares of a batch's examples, if it has components.
    mutating func keepShares(of batch: AppliedBatch, examples: [ExampleID]?, memory: MemoryBudget) {
        guard let components = batch.firstComponents else { return }
        self.shares.add(
            BatchShares(
                ordinal: batch.ordinal,
                step: batch.step,
                probe: batch.probe,
                batchIndex: batch.batchIndex,
                examples: examples,
                exampleCount: components.exampleCount,
                shares: components.shares
            ),
            memory: memory
        )
    }

    /// Lets everything go, the windows' sums included: a generation is over, or the run is forgotten.
    mutating func forget(memory: MemoryBudget) {
        self.shares.removeAll(memory: memory)
        memory.release(self.reservedByteCount)
        self.reservedByteCount = 0
        self.batchCount = 0
    }
}
