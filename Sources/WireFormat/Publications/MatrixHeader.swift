public import Similarity

/// What a published matrix says of itself.
public struct MatrixHeader: Sendable {
    /// The run.
    public var run: RunID

    /// The name of the window.
    public var window: String

    /// The kind of the window.
    public var kind: String

    /// The number of the generation.
    public var generation: Int

    /// The steps of the batches, lowest and highest.
    public var steps: ClosedRange<Int>

    /// The number of batches.
    public var batchCount: Int

    /// The number of examples, counted once for each batch that they are in.
    public var exampleCount: Int

    /// The batches that belong in the window and are not there, `nil` where that cannot be known.
    public var missingCount: Int?

    /// Kish's effective number of batches.
    public var effectiveBatchCount: Double

    /// Whether nothing is missing, `nil` where that cannot be known.
    public var isComplete: Bool?

    /// The account of the run.
    public var accounting: Accounting

    /// The names of the layers, in order.
    public var layers: [String]

    /// Creates a header.
    public init(
        run: RunID,
        window: String,
        kind: String,
        generation: Int,
        steps: ClosedRange<Int>,
        batchCount: Int,
        exampleCount: Int,
        missingCount: Int?,
        effectiveBatchCount: Double,
        isComplete: Bool?,
        accounting: Accounting,
        layers: [String]
    ) {
        self.run = run
        self.window = window
        self.kind = kind
        self.generation = generation
        self.steps = steps
        self.batchCount = batchCount
        self.exampleCount = exampleCount
        self.missingCount = missingCount
        self.effectiveBatchCount = effectiveBatchCount
        self.isComplete = isComplete
        self.accounting = accounting
        self.layers = layers
    }

    /// The header as messages carry it, for a matrix of its layers.
    public func json(for matrix: CKAMatrix) -> JSONObject {
        var undefined: JSONObject = [:]
        for (index, reason) in matrix.undefinedLayers.sorted(by: { $0.key < $1.key }) {
            undefined[self.layers[index]] = .string(reason.rawValue)
        }
        return [
            "run": .string(self.run.name),
            "window": .string(self.window),
            "kind": .string(self.kind),
            "generation": .integer(self.generation),
            "step_first": .integer(self.steps.lowerBound),
            "step_last": .integer(self.steps.upperBound),
            "batches": .integer(self.batchCount),
            "examples": .integer(self.exampleCount),
            "missing": self.missingCount.map { .integer($0) } ?? .null,
            "effective_batches": .number(self.effectiveBatchCount),
            "accounting": self.accounting.json,
            "complete": self.isComplete.map { .bool($0) } ?? .null,
            "layers": .array(self.layers.map { .string($0) }),
            "estimator": "hsic1",
            "weighting": "n(n-3)",
            "undefined": .object(undefined),
            "largest_batch_share": .array(matrix.largestBatchShare.map { .number($0) }),
            "dominance": .array(matrix.dominance.map { .number($0) }),
            "dtype": "F64",
            "shape": [.integer(self.layers.count), .integer(self.layers.count)],
        ]
    }
}
