public import Similarity

/// The sums that a window held at one moment, with what they cover.
///
/// A value that can be kept and worked on elsewhere: turning sums into a matrix costs more than
/// adding a batch, and the windows need not wait for it.
public struct WindowSums: Sendable {
    /// The lowest step among the batches.
    public let stepFirst: Int

    /// The highest step among the batches.
    public let stepLast: Int

    /// The number of batches.
    public let batchCount: Int

    /// The number of examples, counted once for each batch that they are in.
    public let exampleCount: Int

    /// The numbers that belong in the window and are not there, `nil` where that cannot be known.
    public let missingCount: Int?

    /// The number of distinct batches of probe sets, `nil` where no batch says which one of a probe set it is.
    public let probeBatchCount: Int?

    /// Whether nothing that belongs in the window is missing, `nil` where that cannot be known.
    public let isComplete: Bool?

    /// Kish's effective number of batches, which equals ``batchCount`` where all weigh alike.
    public let effectiveBatchCount: Double

    /// At most eight groups of batches that add up to the window.
    public let groups: [HSICAccumulator]

    /// The groups from which standard errors are to be estimated, where they are not ``groups``.
    public let errorGroups: [HSICAccumulator]?

    /// The sums of the first components, `nil` where no batch came with them.
    public let firstComponents: FirstComponentAccumulator?

    /// The shares of the examples in the first components, of the window's latest batches.
    let shares: [BatchShares]

    /// The matrix of the window.
    ///
    /// - Complexity: O(*g* *L*²) for *g* groups and *L* layers.
    public func matrix() -> CKAMatrix {
        CKAMatrix(groups: self.groups, errorGroups: self.errorGroups)
    }

    /// Creates sums, or `nil` where there is no batch.
    init?(
        coverage: WindowCoverage,
        groups: [HSICAccumulator],
        firstComponents: FirstComponentSums = FirstComponentSums(),
        shares: ShareStore = ShareStore(),
        errorGroups: [HSICAccumulator]? = nil,
        effectiveBatchCount: Double? = nil
    ) {
        guard let steps = coverage.steps else { return nil }
        self.stepFirst = steps.lowerBound
        self.stepLast = steps.upperBound
        self.batchCount = coverage.batchCount
        self.exampleCount = coverage.exampleCount
        self.missingCount = coverage.missingCount
        self.probeBatchCount = coverage.probeBatchCount
        self.isComplete = coverage.missingCount.map { $0 == 0 }
        self.effectiveBatchCount = effectiveBatchCount ?? Double(coverage.batchCount)
        self.groups = groups
        self.firstComponents = firstComponents.accumulator
        self.shares = firstComponents.accumulator == nil ? [] : shares.batches(of: coverage)
        self.errorGroups = errorGroups
    }

    /// Creates the sums of a pass that holds at least one batch.
    init(pass: Pass, shares: ShareStore = ShareStore()) {
        self.stepFirst = pass.step
        self.stepLast = pass.step
        self.batchCount = pass.coverage.batchCount
        self.exampleCount = pass.coverage.exampleCount
        self.missingCount = pass.missingCount
        self.probeBatchCount = pass.coverage.probeBatchCount
        self.isComplete = pass.isComplete
        self.effectiveBatchCount = Double(pass.coverage.batchCount)
        self.groups = pass.groups
        self.firstComponents = pass.firstComponents.accumulator
        self.shares = pass.firstComponents.accumulator == nil ? [] : shares.batches(of: pass.coverage)
        self.errorGroups = nil
    }
}
