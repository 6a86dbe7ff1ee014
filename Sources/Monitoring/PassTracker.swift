internal import Similarity
internal import WireFormat

/// The passes of a run: which are open, and which ended last.
///
/// A pass is the batches of one step. It ends when every index that its emitter announced has been
/// settled, when each of its sessions has moved to another step or said bye, or when nothing more
/// has come of it for the assembly time. A batch that comes later still opens its pass again, so
/// that two ranks which share a step end up in one pass.
struct PassTracker: Sendable {
    /// The number of passes that may be open at one time before the oldest is ended.
    static let maximumOpenCount = 3

    /// The pass that ended last.
    private(set) var last: Pass?

    private let layerCount: Int
    private var open: [Pass] = []

    /// Creates a tracker that has seen no pass.
    init(layerCount: Int) {
        self.layerCount = layerCount
    }

    /// Adds a batch to its pass.
    ///
    /// - Returns: The passes that this ends, in order.
    mutating func add(_ batch: AppliedBatch, now: Duration) -> [Pass] {
        let place = Pass.Place(session: batch.session, batchIndex: batch.batchIndex)
        return self.settle(step: batch.step, place: place, batchCount: batch.batchCount, now: now) { pass in
            pass.accumulate(batch)
        }
    }

    /// Settles the place of a batch that was rejected.
    ///
    /// - Returns: The passes that this ends, in order.
    mutating func reject(step: Int, place: Pass.Place, now: Duration) -> [Pass] {
        // Without an index nobody waits for it.
        guard place.batchIndex != nil else { return [] }
        return self.settle(step: step, place: place, batchCount: nil, now: now) { _ in }
    }

    /// Ends the passes in which only this session took part.
    ///
    /// - Returns: The passes that ended, in order.
    mutating func end(session: SessionID?) -> [Pass] {
        self.leave(session: session, exceptStep: nil)
    }

    /// Ends all passes, in order.
    mutating func endAll() -> [Pass] {
        self.end { _ in true }
    }

    /// Ends the passes of which nothing has come for the assembly time.
    ///
    /// - Returns: The passes that ended, in order.
    mutating func tick(now: Duration, assembly: Duration) -> [Pass] {
        self.end { now - $0.lastHeard >= assembly }
    }

    private mutating func settle(
        step: Int,
        place: Pass.Place,
        batchCount: Int?,
        now: Duration,
        body: (inout Pass) -> Void
    ) -> [Pass] {
        var ended = self.leave(session: place.session, exceptStep: step)
        ended += self.end { $0.step == step && $0.isSettled(place) }

        var index = self.open.firstIndex { $0.step == step }
        if index == nil {
            if self.open.count == Self.maximumOpenCount {
                let oldest = self.open[0].step
                ended += self.end { $0.step == oldest }
            }
            self.open.append(
                self.reopenedPass(step: step, place: place) ?? Pass(step: step, layerCount: self.layerCount)
            )
            index = self.open.count - 1
        }
        if let index {
            body(&self.open[index])
            self.open[index].settle(place, batchCount: batchCount, now: now)
        }
        return ended + self.end { $0.step == step && $0.isFullySettled }
    }

    /// The last ended pass, taken back, if a batch of this place belongs to it.
    private func reopenedPass(step: Int, place: Pass.Place) -> Pass? {
        guard let last = self.last, last.step == step, !last.isSettled(place) else { return nil }
        var reopened = last
        reopened.isReopened = true
        return reopened
    }

    private mutating func leave(session: SessionID?, exceptStep step: Int?) -> [Pass] {
        for index in self.open.indices where self.open[index].step != step {
            self.open[index].leave(session)
        }
        return self.end { $0.isAbandoned }
    }

    private mutating func end(where hasEnded: (Pass) -> Bool) -> [Pass] {
        let ended = self.open.filter(hasEnded)
        guard !ended.isEmpty else { return [] }
        self.open.removeAll(where: hasEnded)
        // A pass of which every batch was rejected has no matrix.
        let measured = ended.filter { $0.coverage.batchCount > 0 }
        self.last = measured.last ?? self.last
        return measured
    }
}
