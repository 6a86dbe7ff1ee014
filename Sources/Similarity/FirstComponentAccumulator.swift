internal import LinearAlgebra

/// The sum of any number of batches' first components.
///
/// A layer counts on the batches on which its component is defined, a pair of layers on those on which both are: each
/// figure is a ratio of sums over one set of batches. While that set is the same for all pairs, sums of pairs are all
/// that is kept; from the first batch on which another set of layers is defined, each pair has self terms and a weight
/// of its own.
public struct FirstComponentAccumulator: Sendable {
    /// What belongs to a pair alone once not all pairs are of the same batches.
    fileprivate struct PairTerms: Sendable {
        /// For each ordered pair, *L* × *L*, the self term of the row's layer without its component, over the batches on
        /// which something is left of both.
        var selfTerms: [Double]

        /// Σ n over the batches on which both are defined, the upper triangle with the diagonal.
        var weights: [Double]
    }

    /// How often a layer was found to be what.
    struct Counts: Sendable {
        var defined = 0
        var withRest = 0
        var constant = 0
        var outOfRange = 0

        static func += (left: inout Counts, right: Counts) {
            left.defined += right.defined
            left.withRest += right.withRest
            left.constant += right.constant
            left.outOfRange += right.outOfRange
        }
    }

    /// The number of layers, *L*.
    public let layerCount: Int

    /// The number of batches of which components were computed.
    public private(set) var batchCount = 0

    /// The number of examples in these batches.
    public private(set) var exampleCount = 0

    /// For each layer how often it was what.
    private(set) var counts: [Counts]

    /// For each layer Σ λ₁ over the batches on which it is defined.
    private var eigenvalues: [Double]

    /// For each layer Σ tr over the same batches.
    private var traces: [Double]

    /// Σ n ⟨u₁, v₁⟩² for every pair, the upper triangle with the diagonal.
    private var alignments: [Double]

    /// Σ n(n − 3)·HSIC₁ of the rests for every pair, the upper triangle with the diagonal.
    private var products: [Double]

    /// Which layers were what on every batch so far; `nil` where that has changed, or before the first batch.
    private var commonUndefined: [UndefinedComponent?]?

    /// Σ n over all batches, the weight of every pair while ``pairs`` is `nil`.
    private var weight = 0.0

    fileprivate var pairs: PairTerms?

    /// Creates a sum of nothing.
    ///
    /// - Precondition: `layerCount > 0`.
    public init(layerCount: Int) {
        precondition(layerCount > 0, "A similarity matrix needs layers")
        let pairCount = layerCount * (layerCount + 1) / 2
        self.layerCount = layerCount
        self.counts = Array(repeating: Counts(), count: layerCount)
        self.eigenvalues = Array(repeating: 0, count: layerCount)
        self.traces = Array(repeating: 0, count: layerCount)
        self.alignments = Array(repeating: 0, count: pairCount)
        self.products = Array(repeating: 0, count: pairCount)
    }

    /// Whether no batch has been added.
    public var isEmpty: Bool { self.batchCount == 0 }

    /// The size of the sums in memory, at most.
    public static func byteCount(layerCount: Int) -> Int {
        let numbers = 3 * layerCount * (layerCount + 1) / 2 + layerCount * layerCount + 2 * layerCount
        return MemoryLayout<Self>.stride + 8 * numbers + layerCount * (MemoryLayout<Counts>.stride + 8)
    }

    /// Adds a batch.
    ///
    /// - Parameters:
    ///   - components: What the batch's components contribute.
    ///   - traces: For each layer the trace of its doubly centred Gram matrix.
    ///   - weight: What the sums are multiplied by.
    /// - Precondition: The batch has `layerCount` layers.
    /// - Complexity: O(*L*²).
    public mutating func add(_ components: BatchFirstComponents, traces: [Double], weight: Double = 1) {
        precondition(
            components.layerCount == self.layerCount && traces.count == self.layerCount,
            "Cannot add \(components.layerCount) layers to \(self.layerCount)"
        )
        let n = weight * Double(components.exampleCount)
        self.prepare(for: components.undefined, isFirst: self.isEmpty)
        for layer in 0..<self.layerCount {
            let reason = components.undefined[layer]
            self.counts[layer].constant += reason == .constant ? 1 : 0
            self.counts[layer].outOfRange += reason == .outOfRange ? 1 : 0
            guard components.isDefined(layer) else { continue }
            self.counts[layer].defined += 1
            self.counts[layer].withRest += reason == nil ? 1 : 0
            self.eigenvalues[layer] += weight * components.eigenvalues[layer]
            self.traces[layer] += weight * traces[layer]
        }
        self.alignments.add(components.alignments, multipliedBy: n)
        self.products.add(components.restProducts, multipliedBy: weight)
        self.weight += n
        self.pairs?.add(components, weight: weight)
        self.batchCount += 1
        self.exampleCount += components.exampleCount
    }

    /// Adds all batches of another sum.
    ///
    /// - Precondition: The other sum has `layerCount` layers.
    /// - Complexity: O(*L*²).
    public mutating func merge(_ other: FirstComponentAccumulator) {
        precondition(
            other.layerCount == self.layerCount,
            "Cannot merge \(other.layerCount) layers with \(self.layerCount)"
        )
        guard !other.isEmpty else { return }
        guard !self.isEmpty else {
            self = other
            return
        }
        var other = other
        if self.commonUndefined == nil || self.commonUndefined != other.commonUndefined {
            self.separatePairs()
            other.separatePairs()
        }
        for layer in 0..<self.layerCount {
            self.counts[layer] += other.counts[layer]
        }
        self.eigenvalues.add(other.eigenvalues, multipliedBy: 1)
        self.traces.add(other.traces, multipliedBy: 1)
        self.alignments.add(other.alignments, multipliedBy: 1)
        self.products.add(other.products, multipliedBy: 1)
        self.weight += other.weight
        if let pairs = other.pairs {
            self.pairs?.selfTerms.add(pairs.selfTerms, multipliedBy: 1)
            self.pairs?.weights.add(pairs.weights, multipliedBy: 1)
        }
        self.batchCount += other.batchCount
        self.exampleCount += other.exampleCount
    }

    /// Multiplies the sums by a factor, as forgetting does; the counts stay what they are.
    ///
    /// - Complexity: O(*L*²).
    public mutating func scale(by factor: Double) {
        self.eigenvalues.multiply(by: factor)
        self.traces.multiply(by: factor)
        self.alignments.multiply(by: factor)
        self.products.multiply(by: factor)
        self.weight *= factor
        self.pairs?.selfTerms.multiply(by: factor)
        self.pairs?.weights.multiply(by: factor)
    }

    // MARK: Reading

    /// For each layer Σ λ₁ ÷ Σ tr; NaN where its component is undefined on every batch.
    public var fractions: [Double] {
        (0..<self.layerCount).map { layer in
            let fraction = self.eigenvalues[layer] / self.traces[layer]
            return self.counts[layer].defined > 0 && fraction.isFinite ? fraction : .nan
        }
    }

    /// For each layer why its component is undefined; `nil` where it is not.
    public var undefined: [UndefinedComponent?] {
        self.counts.map { counts in
            if self.isEmpty {
                .noData
            } else if counts.defined > 0 {
                nil
            } else if counts.constant == self.batchCount {
                .constant
            } else if counts.outOfRange > 0 {
                .outOfRange
            } else {
                .noGap
            }
        }
    }

    /// For each layer the number of batches on which its component is defined.
    public var definedBatchCounts: [Int] { self.counts.map(\.defined) }

    /// ⟨u₁, v₁⟩² of two layers, its mean over the batches weighted by their size; NaN where undefined.
    func alignment(_ row: Int, _ column: Int) -> Double {
        let place = packedIndex(row, column, count: self.layerCount)
        let weight = self.pairs?.weights[place] ?? (self.isDefined(row) && self.isDefined(column) ? self.weight : 0)
        return weight > 0 ? self.alignments[place] / weight : .nan
    }

    /// The CKA of two layers without their first components; NaN where undefined.
    func similarity(_ row: Int, _ column: Int) -> Double {
        let count = self.layerCount
        let product = self.products[packedIndex(row, column, count: count)]
        let selfTerms =
            if let pairs {
                (pairs.selfTerms[row * count + column], pairs.selfTerms[column * count + row])
            } else {
                (
                    self.products[packedIndex(row, row, count: count)],
                    self.products[packedIndex(column, column, count: count)]
                )
            }
        return product / selfTermRoot(selfTerms.0) / selfTermRoot(selfTerms.1)
    }

    private func isDefined(_ layer: Int) -> Bool { self.counts[layer].defined > 0 }

    // MARK: Pairs

    /// Gives each pair its own terms once batches differ in which layers are defined.
    private mutating func prepare(for undefined: [UndefinedComponent?], isFirst: Bool) {
        // What the reason is makes no difference here, only whether there is one.
        let undefined = undefined.map { $0.map { $0 == .noRest ? .noRest : UndefinedComponent.noGap } }
        if isFirst {
            self.commonUndefined = undefined
        } else if self.pairs == nil, self.commonUndefined != undefined {
            self.separatePairs()
        }
    }

    private mutating func separatePairs() {
        guard self.pairs == nil, let undefined = self.commonUndefined else { return }
        let count = self.layerCount
        var selfTerms = [Double](repeating: 0, count: count * count)
        var weights = [Double](repeating: 0, count: count * (count + 1) / 2)
        for row in 0..<count {
            for column in row..<count {
                let place = packedIndex(row, column, count: count)
                if undefined[row] == nil, undefined[column] == nil {
                    selfTerms[row * count + column] = self.products[packedIndex(row, row, count: count)]
                    selfTerms[column * count + row] = self.products[packedIndex(column, column, count: count)]
                }
                if undefined[row] ?? .noRest == .noRest, undefined[column] ?? .noRest == .noRest {
                    weights[place] = self.weight
                }
            }
        }
        self.pairs = PairTerms(selfTerms: selfTerms, weights: weights)
        self.commonUndefined = nil
    }
}

extension FirstComponentAccumulator.PairTerms {
    fileprivate mutating func add(_ components: BatchFirstComponents, weight: Double) {
        let count = components.layerCount
        let n = weight * Double(components.exampleCount)
        let selfTerms = (0..<count).map { weight * components.restProducts[packedIndex($0, $0, count: count)] }
        for row in 0..<count where components.isDefined(row) {
            for column in row..<count where components.isDefined(column) {
                self.weights[packedIndex(row, column, count: count)] += n
                guard components.hasRest(row), components.hasRest(column) else { continue }
                self.selfTerms[row * count + column] += selfTerms[row]
                if row != column {
                    self.selfTerms[column * count + row] += selfTerms[column]
                }
            }
        }
    }
}
