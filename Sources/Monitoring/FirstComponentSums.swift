internal import Similarity

/// The first components of a window's batches, as far as batches come with them.
///
/// No standard error is estimated from them, so there is one sum for all batches.
struct FirstComponentSums: Sendable {
    /// The sum, `nil` before the first batch with components.
    private(set) var accumulator: FirstComponentAccumulator?

    /// Adds a batch, if it has components.
    mutating func add(_ batch: AppliedBatch, weight: Double = 1) {
        guard let components = batch.firstComponents else { return }
        if self.accumulator == nil {
            self.accumulator = FirstComponentAccumulator(layerCount: components.layerCount)
        }
        self.accumulator?.add(components, traces: batch.hsic.traces, weight: weight)
    }

    /// Adds all batches of another sum.
    mutating func merge(_ other: FirstComponentSums) {
        guard let others = other.accumulator else { return }
        if self.accumulator == nil {
            self.accumulator = others
        } else {
            self.accumulator?.merge(others)
        }
    }

    /// Multiplies all weights by a factor.
    mutating func scale(by factor: Double) {
        self.accumulator?.scale(by: factor)
    }
}
