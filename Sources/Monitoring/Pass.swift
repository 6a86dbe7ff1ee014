internal import Similarity
internal import WireFormat

/// The batches of one run at one step.
struct Pass: Sendable {
    /// Where a batch stands in a pass.
    struct Place: Sendable {
        /// The session that sent the batch, `nil` where it did not say.
        let session: SessionID?

        /// The batch's index in the pass, `nil` where it did not say.
        let batchIndex: Int?
    }

    /// The optimizer step.
    let step: Int

    /// What the accumulated batches are.
    private(set) var coverage = WindowCoverage()

    /// The sums of the first components.
    private(set) var firstComponents = FirstComponentSums()

    /// When a batch of the pass was last settled.
    private(set) var lastHeard = Duration.zero

    /// Whether it had ended before, and a late batch opened it again.
    var isReopened = false

    private var sums: GroupedSums
    private var sessions: Set<SessionID?> = []
    private var settledIndices = NumberSet()
    private var settledIndicesBySession: [SessionID?: NumberSet] = [:]
    private var accumulatedIndices = NumberSet()
    private var declaredCount: Int?

    /// Creates a pass without batches.
    init(step: Int, layerCount: Int) {
        self.step = step
        self.sums = GroupedSums(layerCount: layerCount)
    }

    /// The groups of batches.
    var groups: [HSICAccumulator] {
        self.sums.nonEmptyGroups
    }

    /// Whether every index that the emitter announced has been accumulated, `nil` where it announced none.
    var isComplete: Bool? {
        self.declaredCount.map { self.accumulatedIndices.containsAll(below: $0) }
    }

    /// The number of batches that belong to the pass and are not in it, `nil` where that cannot be known.
    var missingCount: Int? {
        guard let declaredCount = self.declaredCount else { return self.coverage.missingCount }
        return declaredCount - self.accumulatedIndices.count(below: declaredCount)
    }

    /// Whether every index that the emitter announced has been accumulated or rejected.
    var isFullySettled: Bool {
        self.declaredCount.map { self.settledIndices.containsAll(below: $0) } ?? false
    }

    /// Whether every session that took part has gone on.
    var isAbandoned: Bool {
        self.sessions.isEmpty
    }

    /// Whether a batch of this place has been settled.
    ///
    /// Batches without an index are never the same one.
    func isSettled(_ place: Place) -> Bool {
        guard let index = place.batchIndex, let indices = self.settledIndicesBySession[place.session] else {
            return false
        }
        return indices.contains(index)
    }

    /// Adds a batch to the sums.
    mutating func accumulate(_ batch: AppliedBatch) {
        self.sums.add(batch)
        self.firstComponents.add(batch)
        self.coverage.add(batch)
        if let index = batch.batchIndex {
            _ = self.accumulatedIndices.insert(index)
        }
    }

    /// Notes that the batch of a place has been decided upon.
    mutating func settle(_ place: Place, batchCount: Int?, now: Duration) {
        self.lastHeard = now
        self.sessions.insert(place.session)
        if let index = place.batchIndex {
            _ = self.settledIndices.insert(index)
            _ = self.settledIndicesBySession[place.session, default: NumberSet()].insert(index)
            self.declaredCount = batchCount ?? self.declaredCount
        }
    }

    /// Notes that a session has moved to another step or is gone.
    mutating func leave(_ session: SessionID?) {
        self.sessions.remove(session)
    }
}
