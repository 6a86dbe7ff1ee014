internal import LinearAlgebra

/// A layer's first principal component on one batch: the leading eigenpair (λ₁, u₁) of its doubly centred Gram matrix
/// *H K H*.
///
/// The eigenvector has a number for each example: u₁ᵢ² is the example's share in the component. No *p* × *p* matrix is
/// formed, and a Gram matrix that came ready-made serves as well as activations.
public struct FirstComponent: Sendable {
    /// How far the leading eigenvalue must stand apart from the second, relative to itself.
    ///
    /// Below it u₁ would be one of many directions that all do as well.
    public static let leastGap = 0.01

    /// The rest ‖*H K H* − λ₁u₁u₁ᵀ‖ below which it counts as rounding, relative to ‖*K*‖.
    public static let leastRest = 1e-6

    /// The eigenvalue, λ₁.
    public let eigenvalue: Double

    /// The eigenvector, u₁, of unit length: a number for each example.
    ///
    /// Its sign means nothing.
    public let vector: [Double]

    /// What is left of the layer without the component; `nil` where that is rounding.
    let rest: Rest?

    /// How large the U-centred rest is next to the whole matrix.
    let restShare: Double

    /// The U-centred form of *H K H* − λ₁u₁u₁ᵀ.
    struct Rest: Sendable {
        /// The Frobenius norm, both triangles.
        let norm: Double

        /// What the entries are to be multiplied by.
        let unit: Double

        /// The strict upper triangle, row by row.
        let entries: StoredNumbers

        /// The size of the entries in memory.
        var byteCount: Int { self.entries.byteCount }
    }

    /// The size of the numbers in memory.
    var byteCount: Int {
        self.vector.count * MemoryLayout<Double>.stride + (self.rest?.byteCount ?? 0)
    }
}

/// What was found when a layer's first component was looked for.
public enum FirstComponentFinding: Sendable {
    /// It is the one direction that carries most.
    case found(FirstComponent)

    /// It is not defined on this batch.
    case undefined(UndefinedComponent)
}

/// Why a layer has no first component on a batch, or in a window.
public enum UndefinedComponent: String, CaseIterable, Hashable, Sendable {
    /// Its examples differ by no more than rounding.
    case constant

    /// The leading eigenvalue stands less than 1 % apart from the second.
    case noGap = "no_gap"

    /// Its eigenvalue, or its trace, is beyond the range of Float64.
    case outOfRange = "out_of_range"

    /// The component is there, and nothing but rounding is left without it.
    case noRest = "no_rest"

    /// There is no batch of which components were computed.
    case noData = "no_data"
}
