internal import BlockStructure
public import Similarity
internal import WireFormat

/// Turns the matrix of a window into what rules want to know of it.
///
/// This is the part that costs: what follows from an evaluation is a few comparisons.
public struct WindowEvaluator: Sendable {
    /// What is watched.
    public var rules: AlertRules {
        didSet { self.selections = [:] }
    }

    /// The number of runs whose layers are remembered with what expressions select of them.
    private static let selectionCapacity = 64

    private var selections: [RunID: LayerSelection] = [:]

    /// Creates an evaluator.
    public init(rules: AlertRules) {
        self.rules = rules
    }

    /// Evaluates a window.
    ///
    /// - Parameters:
    ///   - basis: What the window covers; its findings are filled in.
    ///   - matrix: The window's similarities.
    ///   - errorGroups: The groups of examples from which standard errors follow.
    /// - Returns: The evaluation with its findings.
    /// - Complexity: O(*g* *L*²) for *g* groups of *L* layers.
    public mutating func evaluate(
        _ basis: WindowEvaluation,
        matrix: CKAMatrix,
        errorGroups: [HSICAccumulator]
    ) -> WindowEvaluation {
        var evaluation = basis
        var selection = self.selections.removeValue(forKey: basis.run) ?? LayerSelection(layers: basis.layers)
        if !selection.isOf(basis.layers) {
            selection = LayerSelection(layers: basis.layers)
        }
        if basis.window == self.rules.block.window {
            evaluation.constantLayers = matrix.undefinedLayers.filter { $0.value == .constant }.keys.sorted()
            let finder = BlockFinder(
                criteria: self.rules.block.criteria,
                layerGroups: self.rules.block.groups.map { LayerGroup(name: $0, layers: selection.select($0)) }
            )
            evaluation.candidates = finder.candidates(in: LayerSimilarities(matrix, errorGroups: errorGroups))
        }
        for rule in self.rules.similarity where rule.window == basis.window {
            evaluation.pairs[rule.name] = rule.finding(
                first: selection.select(rule.first),
                second: selection.select(rule.second),
                layerCount: matrix.layerCount,
                values: matrix.values,
                standardErrors: matrix.standardErrors
            )
        }
        if self.selections.count >= Self.selectionCapacity {
            self.selections = [:]
        }
        self.selections[basis.run] = selection
        return evaluation
    }

    /// Whether anything would be found in a window of this name that holds so much.
    ///
    /// A window that holds too little is not worth a matrix.
    public func needsMatrix(_ basis: WindowEvaluation) -> Bool {
        basis.isSufficient(for: self.rules.block)
            && (basis.window == self.rules.block.window
                || self.rules.similarity.contains { $0.window == basis.window })
    }
}
