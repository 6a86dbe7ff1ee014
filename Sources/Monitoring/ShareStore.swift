/// The shares of the examples of a run's latest batches, bounded in bytes.
///
/// Of a place in a probe set the latest two batches are kept: an ended pass can still be asked about when the next one
/// has begun. Where there is no room the oldest batches go first, and where nothing is left to go the new one is not
/// kept.
struct ShareStore: Sendable {
    /// The bytes that a run's shares take at most.
    static let capacity = 16 << 20

    /// The number of batches that are kept at most.
    static let batchCapacity = 512

    /// The bytes that are held, and reserved in the budget.
    private(set) var byteCount = 0

    private var batches: [BatchShares] = []

    /// Keeps the shares of a batch.
    ///
    /// - Parameters:
    ///   - batch: The batch, newer than all others.
    ///   - memory: The budget that it is paid from.
    mutating func add(_ batch: BatchShares, memory: MemoryBudget) {
        let same = self.batches.indices.filter { self.batches[$0].isOfSameExamples(as: batch) }
        if same.count > 1 {
            self.remove(at: same[0], memory: memory)
        }
        let byteCount = batch.byteCount
        guard byteCount <= Self.capacity else { return }
        while self.byteCount + byteCount > Self.capacity || self.batches.count >= Self.batchCapacity
            || !memory.reserve(byteCount)
        {
            guard !self.batches.isEmpty else { return }
            self.remove(at: 0, memory: memory)
        }
        self.byteCount += byteCount
        self.batches.append(batch)
    }

    /// Lets everything go.
    mutating func removeAll(memory: MemoryBudget) {
        memory.release(self.byteCount)
        self.byteCount = 0
        self.batches = []
    }

    /// The latest batch of each set of examples among those that a window covers.
    func batches(of coverage: WindowCoverage) -> [BatchShares] {
        guard let steps = coverage.steps, let firstOrdinal = coverage.firstOrdinal else { return [] }
        var latest: [BatchShares] = []
        for batch in self.batches.reversed() where batch.ordinal >= firstOrdinal && steps.contains(batch.step) {
            if !latest.contains(where: { $0.isOfSameExamples(as: batch) }) {
                latest.append(batch)
            }
        }
        return latest.reversed()
    }

    private mutating func remove(at index: Int, memory: MemoryBudget) {
        let byteCount = self.batches.remove(at: index).byteCount
        self.byteCount -= byteCount
        memory.release(byteCount)
    }
}
