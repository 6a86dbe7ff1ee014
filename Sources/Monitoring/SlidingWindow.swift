internal import Similarity

/// The most recent batches, as eight full stretches of an eighth of the window and the one being filled.
///
/// Between N and N + N/8 − 1 batches are pooled once enough have come. Dropping a whole stretch at a
/// time keeps the sums exact: nothing is ever subtracted, so no rounding error is left behind by a
/// batch that has gone.
struct SlidingWindow: Sendable {
    private struct Stretch: Sendable {
        var sums: HSICAccumulator
        var firstComponents = FirstComponentSums()
        var coverage = WindowCoverage()
    }

    private static let stretchCount = 8

    private let layerCount: Int
    private let stretchLength: Int
    private var full: [Stretch] = []
    private var current: Stretch?

    /// Creates an empty window.
    ///
    /// - Precondition: `batchCount` is a positive multiple of eight.
    init(batchCount: Int, layerCount: Int) {
        precondition(batchCount > 0 && batchCount.isMultiple(of: Self.stretchCount))
        self.layerCount = layerCount
        self.stretchLength = batchCount / Self.stretchCount
    }

    /// What the pooled batches are.
    var coverage: WindowCoverage {
        var coverage = WindowCoverage()
        for stretch in self.full {
            coverage.merge(stretch.coverage)
        }
        if let current = self.current {
            coverage.merge(current.coverage)
        }
        return coverage
    }

    /// At most eight groups of batches that add up to the window, oldest first.
    ///
    /// Beside eight full stretches, the one being filled counts with the newest of them.
    var groups: [HSICAccumulator] {
        var groups = self.full.map(\.sums)
        guard let current = self.current else { return groups }
        if groups.count == Self.stretchCount {
            groups[groups.count - 1].merge(current.sums)
        } else {
            groups.append(current.sums)
        }
        return groups
    }

    /// The sums of the first components.
    var firstComponents: FirstComponentSums {
        var sums = FirstComponentSums()
        for stretch in self.full {
            sums.merge(stretch.firstComponents)
        }
        if let current = self.current {
            sums.merge(current.firstComponents)
        }
        return sums
    }

    /// Adds a batch, and lets go of the oldest stretch when a ninth is full.
    mutating func add(_ batch: AppliedBatch) {
        var stretch = self.current.take() ?? Stretch(sums: HSICAccumulator(layerCount: self.layerCount))
        stretch.sums.add(batch.hsic)
        stretch.firstComponents.add(batch)
        stretch.coverage.add(batch)
        guard stretch.coverage.batchCount == self.stretchLength else {
            self.current = stretch
            return
        }
        if self.full.count == Self.stretchCount {
            self.full.removeFirst()
        }
        self.full.append(stretch)
    }
}
