internal import Glibc
internal import Similarity

/// All batches, each of which loses half its weight with every half-life of batches that follow.
///
/// Instead of shrinking all sums at every batch, later batches enter with a larger weight: ratios
/// stay the same, and a batch costs one addition. The weights are brought back to one before they
/// could overflow.
struct DecayWindow: Sendable {
    /// The weight at which all sums are scaled back.
    private static let largestWeight = 0x1p256

    /// What the pooled batches are; plain counts, without weights.
    private(set) var coverage = WindowCoverage()

    /// The sums of the first components; their weights are those of the sums, whose scale no figure depends on.
    private(set) var firstComponents = FirstComponentSums()

    /// The factor from one batch's weight to the next one's.
    private let growth: Double
    private var sums: GroupedSums
    private var weight = 1.0
    private var decayedWeight = 0.0
    private var decayedSquaredWeight = 0.0

    /// Creates an empty window.
    ///
    /// - Parameters:
    ///   - halfLife: The number of batches after which a batch counts half.
    ///   - layerCount: The number of layers.
    init(halfLife: Double, layerCount: Int) {
        self.growth = exp2(1 / halfLife)
        self.sums = GroupedSums(layerCount: layerCount)
    }

    /// Kish's effective number of batches, (Σ w)² ÷ Σ w².
    var effectiveBatchCount: Double {
        self.decayedSquaredWeight > 0 ? self.decayedWeight * self.decayedWeight / self.decayedSquaredWeight : 0
    }

    /// The groups of batches, weighted so that the newest batch counts once.
    var groups: [HSICAccumulator] {
        guard self.coverage.batchCount > 0 else { return [] }
        var sums = self.sums
        sums.scale(by: self.growth / self.weight)
        return sums.nonEmptyGroups
    }

    /// Adds a batch.
    mutating func add(_ batch: AppliedBatch) {
        self.sums.add(batch, weight: self.weight)
        self.firstComponents.add(batch, weight: self.weight)
        self.coverage.add(batch)
        self.decayedWeight = self.decayedWeight / self.growth + 1
        self.decayedSquaredWeight = self.decayedSquaredWeight / (self.growth * self.growth) + 1

        self.weight *= self.growth
        if self.weight > Self.largestWeight {
            self.sums.scale(by: 1 / self.weight)
            self.firstComponents.scale(by: 1 / self.weight)
            self.weight = 1
        }
    }
}
