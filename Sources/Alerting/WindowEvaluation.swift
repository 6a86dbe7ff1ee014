public import BlockStructure
public import WireFormat

/// What a window of a run showed at one of its hops, as far as rules want to know.
public struct WindowEvaluation: Hashable, Sendable {
    /// The run.
    public var run: RunID

    /// The name of the window.
    public var window: String

    /// The number of the generation.
    public var generation: Int

    /// The names of the layers, in order.
    public var layers: [String]

    /// The highest step among the batches.
    public var step: Int

    /// The number of batches.
    public var batchCount: Int

    /// The number of distinct batches of probe sets, `nil` where no batch says which one of a probe set it is.
    public var probeBatchCount: Int?

    /// The batches that belong in the window and are not there, `nil` where that cannot be known.
    public var missingCount: Int?

    /// The account of the run.
    public var accounting: Accounting

    /// The layers that were constant in every batch, ascending.
    public var constantLayers: [Int]

    /// The intervals that may be blocks.
    public var candidates: [BlockCandidate]

    /// What the first principal component says of candidates, by their members; empty where nobody looked.
    public var evidence: [[Int]: BlockEvidence]

    /// For each of the user's own rules the pair that fits it best, by the rule's name.
    public var pairs: [String: PairFinding]

    /// Creates an evaluation.
    public init(
        run: RunID,
        window: String,
        generation: Int,
        layers: [String],
        step: Int,
        batchCount: Int,
        probeBatchCount: Int? = nil,
        missingCount: Int?,
        accounting: Accounting,
        constantLayers: [Int] = [],
        candidates: [BlockCandidate] = [],
        evidence: [[Int]: BlockEvidence] = [:],
        pairs: [String: PairFinding] = [:]
    ) {
        self.run = run
        self.window = window
        self.generation = generation
        self.layers = layers
        self.step = step
        self.batchCount = batchCount
        self.probeBatchCount = probeBatchCount
        self.missingCount = missingCount
        self.accounting = accounting
        self.constantLayers = constantLayers
        self.candidates = candidates
        self.evidence = evidence
        self.pairs = pairs
    }

    /// Whether the window holds enough to be judged: so many batches, or so many different ones of a probe set.
    ///
    /// - Parameters:
    ///   - rule: The rule that says how much that is.
    ///   - extra: Batches that count although they are not there.
    /// - Returns: Whether it does.
    func isSufficient(for rule: BlockRule, extra: Int = 0) -> Bool {
        if let probeBatchCount = self.probeBatchCount {
            probeBatchCount + extra >= rule.minimumProbeBatchCount
        } else {
            self.batchCount + extra >= rule.minimumBatchCount
        }
    }
}

/// The pair of layers that fits a rule best, and whether it does.
public struct PairFinding: Hashable, Sendable {
    /// The layers, the lower place first.
    public var layers: [Int]

    /// Their similarity.
    public var value: Double

    /// Its standard error, `nil` where there is none.
    public var standardError: Double?

    /// Whether this pair raises the alert.
    public var raises: Bool

    /// Whether all pairs are on the other side of the value, with their standard errors.
    public var clears: Bool

    /// Creates a finding.
    public init(layers: [Int], value: Double, standardError: Double?, raises: Bool, clears: Bool) {
        self.layers = layers
        self.value = value
        self.standardError = standardError
        self.raises = raises
        self.clears = clears
    }
}

extension SimilarityRule {
    /// Finds the pair that fits best.
    ///
    /// - Parameters:
    ///   - first: The layers of one side.
    ///   - second: The layers of the other side.
    ///   - layerCount: The number of layers, *L*.
    ///   - values: *L* × *L* similarities, NaN where undefined.
    ///   - standardErrors: Their standard errors, NaN where there are none.
    /// - Returns: The pair, `nil` where no pair of the rule's is defined.
    /// - Complexity: O(*a* *b*) for *a* and *b* layers on the sides.
    func finding(
        first: [Int],
        second: [Int],
        layerCount: Int,
        values: [Double],
        standardErrors: [Double]
    ) -> PairFinding? {
        // Below a value is above its negative.
        let (sign, threshold) =
            switch self.condition {
            case .above(let value): (1.0, value)
            case .below(let value): (-1.0, -value)
            }
        var best: (row: Int, column: Int, margin: Double)?
        var largestDoubt = -Double.infinity
        for row in first {
            for column in second where column != row {
                let value = sign * values[row * layerCount + column]
                guard value.isFinite else { continue }
                let error = standardErrors[row * layerCount + column]
                let doubt = error.isFinite ? error : 0
                largestDoubt = max(largestDoubt, value + doubt)
                if value - doubt > best?.margin ?? -.infinity {
                    best = (row, column, value - doubt)
                }
            }
        }
        guard let best else { return nil }
        let place = best.row * layerCount + best.column
        return PairFinding(
            layers: [min(best.row, best.column), max(best.row, best.column)],
            value: values[place],
            standardError: standardErrors[place].isFinite ? standardErrors[place] : nil,
            raises: best.margin > threshold,
            clears: largestDoubt <= threshold
        )
    }
}
