internal import LinearAlgebra

/// The centred kernel alignment between every two layers, with its standard errors.
///
///     CKAₓᵧ = Sₓᵧ / √Sₓₓ / √Sᵧᵧ        S = Σ n(n − 3)·HSIC₁ over all batches
///
/// Unbiased sums, no epsilon and no clamping: an entry may be negative, and exceed 1 by its sampling error. With
/// batches of equal size this is equation 4 of Nguyen, Raghu & Kornblith 2021, [arXiv:2010.15327][1].
///
/// A layer whose self term is zero or infinite has no similarity: its row and column are NaN, and
/// ``undefinedLayers`` says why.
///
/// [1]: https://arxiv.org/abs/2010.15327
public struct CKAMatrix: Sendable {
    /// The number of layers, *L*.
    public let layerCount: Int

    /// The similarities, *L* × *L*, row by row; NaN where undefined.
    public let values: [Double]

    /// The similarities' standard errors, *L* × *L*, row by row; NaN where undefined (see ``init(groups:errorGroups:)``).
    public let standardErrors: [Double]

    /// Σ n(n − 3)·HSIC₁ ÷ Σ n(n − 3), *L* × *L*, row by row; NaN without batches.
    public let hsic: [Double]

    /// For each layer how far a single direction dominates it: ‖cov‖ over its trace, √(Sₓₓ / Σ n(n − 3)) ÷
    /// (Σ tr / Σ (n − 1)), clipped at 1; NaN where undefined.
    public let dominance: [Double]

    /// For each layer the share of the largest batch in its self term; NaN where undefined.
    ///
    /// Near 1, one batch carries the layer's similarities.
    public let largestBatchShare: [Double]

    /// The layers that have no similarity with any other.
    public let undefinedLayers: [Int: UndefinedReason]

    /// Computes the matrix of the batches of all groups.
    ///
    /// The standard errors are the jackknife's: with θ₍₋ᵢ₎ the similarity without the *i*-th of *g* groups,
    /// SE² = (g − 1)/g · Σ (θ₍₋ᵢ₎ − mean)². Groups without a batch do not count; fewer than two leave every standard
    /// error undefined, and so does one left-out group an entry that is undefined without it. Intervals take
    /// Student's t with g − 1 degrees of freedom.
    ///
    /// - Parameters:
    ///   - groups: The sums of disjoint sets of *examples*: a probe set that was swept twice is no new evidence.
    ///   - errorGroups: The groups to take the standard errors from, when not `groups`.
    /// - Precondition: There is a group, and all have the same number of layers.
    /// - Complexity: O(*g* *L*²).
    public init(groups: [HSICAccumulator], errorGroups: [HSICAccumulator]? = nil) {
        precondition(!groups.isEmpty, "A similarity matrix needs at least one group")
        var sums = groups[0]
        for group in groups.dropFirst() {
            sums.merge(group)
        }
        let layerCount = sums.layerCount
        let selfTerms = sums.selfTerms
        let roots = selfTerms.map(selfTermRoot)

        self.layerCount = layerCount
        self.values = squareMatrix(layerCount) { row, upper in
            let products = sums.products.span.extracting(packedRow(row, count: layerCount))
            for index in upper.indices {
                upper[index] = products[index] / roots[row] / roots[row + index]
            }
        }
        self.standardErrors = Jackknife(groups: errorGroups ?? groups).standardErrors(layerCount: layerCount)
        self.hsic = squareMatrix(layerCount) { row, upper in
            let products = sums.products.span.extracting(packedRow(row, count: layerCount))
            for index in upper.indices {
                upper[index] = products[index] / sums.weight
            }
        }
        self.dominance = (0..<layerCount).map { layer in
            let ratio = roots[layer] / sums.weight.squareRoot() / (sums.traces[layer] / sums.degreesOfFreedom)
            return ratio > 1 ? 1 : ratio
        }
        self.largestBatchShare = (0..<layerCount).map { layer in
            roots[layer].isNaN ? .nan : sums.largestSelfTerms[layer] / selfTerms[layer]
        }
        self.undefinedLayers = Dictionary(
            uniqueKeysWithValues: (0..<layerCount).compactMap { layer in
                roots[layer].isNaN ? (layer, sums.undefinedReason(of: layer)) : nil
            }
        )
    }
}

extension HSICAccumulator {
    /// Why the layer's self term is zero or infinite.
    fileprivate func undefinedReason(of layer: Int) -> UndefinedReason {
        if self.isEmpty {
            .noData
        } else if self.constantBatchCounts[layer] == self.batchCount {
            .constant
        } else if self.selfTerms[layer] == 0 {
            .underflow
        } else {
            .overflow
        }
    }
}
