internal import LinearAlgebra

/// The sum of any number of batches' contributions.
///
/// Plain sums in Float64, which can be added in any order, merged, scaled, saved and sent: a window of batches is one
/// accumulator, or one for each group of examples. CKA is a ratio of such sums (see ``CKAMatrix``), never a mean of
/// ratios, so a ragged last batch does no harm.
public struct HSICAccumulator: Hashable, Sendable {
    /// The number of layers, *L*.
    public let layerCount: Int

    /// Σ n(n − 3)·HSIC₁ for every two layers, the upper triangle with the diagonal, row by row: *L*(*L* + 1) / 2 numbers.
    public private(set) var products: [Double]

    /// For each layer Σ tr(*H K H*).
    public private(set) var traces: [Double]

    /// For each layer the largest self term that a single batch brought.
    public private(set) var largestSelfTerms: [Double]

    /// For each layer the number of batches on which it was constant.
    public private(set) var constantBatchCounts: [Int]

    /// Σ n(n − 3).
    public private(set) var weight = 0.0

    /// Σ (n − 1).
    public private(set) var degreesOfFreedom = 0.0

    /// The number of batches, whatever their weights.
    public private(set) var batchCount = 0

    /// The number of examples in these batches.
    public private(set) var exampleCount = 0

    /// Creates a sum of nothing.
    ///
    /// - Precondition: `layerCount > 0`.
    public init(layerCount: Int) {
        precondition(layerCount > 0, "A similarity matrix needs layers")
        self.layerCount = layerCount
        self.products = Array(repeating: 0, count: layerCount * (layerCount + 1) / 2)
        self.traces = Array(repeating: 0, count: layerCount)
        self.largestSelfTerms = Array(repeating: 0, count: layerCount)
        self.constantBatchCounts = Array(repeating: 0, count: layerCount)
    }

    /// Creates a sum from numbers that were saved.
    ///
    /// - Precondition: The arrays fit each other.
    public init(
        products: [Double],
        traces: [Double],
        largestSelfTerms: [Double],
        constantBatchCounts: [Int],
        weight: Double,
        degreesOfFreedom: Double,
        batchCount: Int,
        exampleCount: Int
    ) {
        self.init(layerCount: traces.count)
        precondition(
            products.count == self.products.count && largestSelfTerms.count == self.layerCount
                && constantBatchCounts.count == self.layerCount,
            "The saved sums do not belong to \(traces.count) layers"
        )
        self.products = products
        self.traces = traces
        self.largestSelfTerms = largestSelfTerms
        self.constantBatchCounts = constantBatchCounts
        self.weight = weight
        self.degreesOfFreedom = degreesOfFreedom
        self.batchCount = batchCount
        self.exampleCount = exampleCount
    }

    /// For each layer its self term, the diagonal of ``products``.
    public var selfTerms: [Double] {
        (0..<self.layerCount).map { self.products[packedIndex($0, $0, count: self.layerCount)] }
    }

    /// Whether no batch has been added.
    public var isEmpty: Bool { self.batchCount == 0 }

    /// The size of the sums in memory.
    public var byteCount: Int { Self.byteCount(layerCount: self.layerCount) }

    /// The size in memory of a sum over the given number of layers.
    public static func byteCount(layerCount: Int) -> Int {
        MemoryLayout<Self>.stride + 8 * (layerCount * (layerCount + 1) / 2 + 3 * layerCount)
    }

    /// Adds a batch.
    ///
    /// - Parameters:
    ///   - batch: The batch's contribution.
    ///   - weight: What its sums are multiplied by.
    /// - Precondition: The batch has `layerCount` layers.
    /// - Complexity: O(*L*²).
    public mutating func add(_ batch: BatchHSIC, weight: Double = 1) {
        precondition(
            batch.layerCount == self.layerCount,
            "Cannot add \(batch.layerCount) layers to \(self.layerCount)"
        )
        let n = Double(batch.exampleCount)
        self.products.add(batch.products, multipliedBy: weight)
        self.traces.add(batch.traces, multipliedBy: weight)
        for layer in 0..<self.layerCount {
            let selfTerm = weight * batch.products[packedIndex(layer, layer, count: self.layerCount)]
            self.largestSelfTerms[layer] = max(self.largestSelfTerms[layer], selfTerm)
            self.constantBatchCounts[layer] += batch.isConstant[layer] ? 1 : 0
        }
        self.weight += weight * n * (n - 3)
        self.degreesOfFreedom += weight * (n - 1)
        self.batchCount += 1
        self.exampleCount += batch.exampleCount
    }

    /// Adds all batches of another sum.
    ///
    /// - Precondition: The other sum has `layerCount` layers.
    /// - Complexity: O(*L*²).
    public mutating func merge(_ other: HSICAccumulator) {
        precondition(
            other.layerCount == self.layerCount,
            "Cannot merge \(other.layerCount) layers with \(self.layerCount)"
        )
        self.products.add(other.products, multipliedBy: 1)
        self.traces.add(other.traces, multipliedBy: 1)
        for layer in 0..<self.layerCount {
            self.largestSelfTerms[layer] = max(self.largestSelfTerms[layer], other.largestSelfTerms[layer])
            self.constantBatchCounts[layer] += other.constantBatchCounts[layer]
        }
        self.weight += other.weight
        self.degreesOfFreedom += other.degreesOfFreedom
        self.batchCount += other.batchCount
        self.exampleCount += other.exampleCount
    }

    /// Multiplies the sums by a factor, as forgetting does; the counts of batches and examples stay what they are.
    ///
    /// - Complexity: O(*L*²).
    public mutating func scale(by factor: Double) {
        self.products.multiply(by: factor)
        self.traces.multiply(by: factor)
        self.largestSelfTerms.multiply(by: factor)
        self.weight *= factor
        self.degreesOfFreedom *= factor
    }
}

extension [Double] {
    /// Adds as many other numbers, each times a factor.
    mutating func add(_ other: [Double], multipliedBy factor: Double) {
        let other = other.span
        var numbers = self.mutableSpan
        for index in numbers.indices {
            numbers[index] += factor * other[index]
        }
    }

    /// Multiplies all numbers by a factor.
    mutating func multiply(by factor: Double) {
        var numbers = self.mutableSpan
        for index in numbers.indices {
            numbers[index] *= factor
        }
    }
}
