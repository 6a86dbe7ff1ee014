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
        let scale: Double

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

extension LanczosProcess {
    /// Finds the first component of a layer from its U-centred Gram matrix.
    ///
    /// With *K̃* the U-centred matrix, kᵢⱼ = k̃ᵢⱼ + oᵢ + oⱼ off the diagonal, so *H K H* = *H*(*K̃* + diag(kᵢᵢ − 2oᵢ))*H*:
    /// terms of the row or the column alone vanish. The rows of *K̃* add up to zero, which gives the trace and the sum
    /// of squares of the spectrum without another look at the matrix.
    ///
    /// U-centring is linear: the rest is *K̃* − λ₁*Ũ* with *Ũ* the U-centred form of u₁u₁ᵀ. It is subtracted entry by
    /// entry; as a difference of products the digits would be gone where the component carries nearly everything.
    ///
    /// - Parameters:
    ///   - matrix: *K̃* at unit norm, with the diagonal of `spectrum`.
    ///   - triangle: What is right of the diagonal.
    ///   - spectrum: What U-centring has found, at unit norm too.
    ///   - sums: The same before.
    ///   - exponent: Of the power of two that is to be multiplied in again.
    ///   - isDouble: Whether the entries of the rest are kept in Float64.
    /// - Returns: The component, or why there is none.
    mutating func firstComponent(
        of matrix: borrowing FoldedTriangle<Scalar>,
        triangle: FixedNumbers<Scalar>,
        _ spectrum: CenteredSpectrum,
        sums: UCenteredSums,
        exponent: Int,
        isDouble: Bool
    ) -> FirstComponentFinding {
        guard let pair = self.leadingEigenpair(of: matrix, spectrum, gap: FirstComponent.leastGap) else {
            return .undefined(.noGap)
        }
        let scale = Double(sign: .plus, exponent: exponent, significand: sums.norm)
        let eigenvalue = pair.value * scale
        guard eigenvalue > 0, eigenvalue.isFinite, (sums.trace * (scale / sums.norm)).isFinite else {
            return .undefined(.outOfRange)
        }
        let remainder = Remainder(of: triangle, spectrum, without: pair)
        let whole = spectrum.squares.squareRoot()
        var rest: FirstComponent.Rest?
        // Examples that are all equally far apart but for the component leave nothing but rounding when U-centred.
        let rounding = Scalar.self == Double.self ? 1e-13 : FirstComponent.leastRest
        if remainder.centeredNorm >= FirstComponent.leastRest * whole, remainder.norm > rounding * whole {
            rest = FirstComponent.Rest(
                norm: remainder.norm * scale,
                scale: scale,
                entries: StoredNumbers(remainder.entries, isDouble: isDouble)
            )
        }
        let share = remainder.norm / whole
        return .found(FirstComponent(eigenvalue: eigenvalue, vector: pair.vector, rest: rest, restShare: share))
    }
}

extension CenteredSpectrum {
    /// What U-centring says about the doubly centred matrix, at the U-centred one's unit norm.
    ///
    /// - Parameters:
    ///   - diagonal: The diagonal of *K*.
    ///   - sums: What U-centring has found.
    init<Scalar: KernelScalar>(diagonal: [Scalar], _ sums: UCenteredSums) {
        let n = Double(diagonal.count)
        let center = zip(diagonal, sums.offsets).map { (Double($0) - 2 * $1) / sums.norm }
        let mean = center.reduce(0, +) / n
        let deviations = center.map { $0 - mean }
        // Without the shift the matrix has no trace: H(K̃ + D)H loses 1ᵀD1/n = 0 of it.
        let deviationSquares = deviations.reduce(0) { $0 + $1 * $1 }
        self.init(
            diagonal: deviations,
            shift: mean,
            squares: 1 + deviationSquares * (1 - 2 / n) + (n - 1) * mean * mean
        )
    }
}

/// What is left of a matrix without its first component.
private struct Remainder<Scalar: KernelScalar> {
    /// The U-centred form right of the diagonal, row by row.
    let entries: FixedNumbers<Scalar>

    /// The Frobenius norm of the U-centred form, both triangles.
    let norm: Double

    /// The Frobenius norm of the doubly centred form.
    let centeredNorm: Double

    /// Subtracts λ u uᵀ.
    ///
    /// - Parameters:
    ///   - triangle: *K̃*, U-centred.
    ///   - spectrum: With whose diagonal and shift it is the doubly centred matrix.
    ///   - pair: λ and u.
    init(of triangle: FixedNumbers<Scalar>, _ spectrum: CenteredSpectrum, without pair: LeadingEigenpair) {
        let n = Double(pair.vector.count)
        let sum = pair.vector.reduce(0, +)
        let rows = pair.vector.map { $0 * (sum - $0) }
        let half = rows.reduce(0, +) / (2 * (n - 1) * (n - 2))
        let offsets = rows.map { pair.value * ($0 / (n - 2) - half) }
        let (vector, additions) = (pair.vector.map { Scalar($0) }, offsets.map { Scalar($0) })
        let (entries, squares) = Scalar.removeOuterProduct(
            of: vector.span,
            times: pair.value,
            offsets: additions.span,
            from: triangle
        )
        self.entries = entries
        self.norm = (2 * squares).squareRoot()

        var (total, totalSquares) = (0.0, 0.0)
        for example in pair.vector.indices {
            let weight = pair.vector[example]
            let left = spectrum.diagonal[example] + spectrum.shift - pair.value * weight * weight + 2 * offsets[example]
            total += left
            totalSquares += left * left
        }
        self.centeredNorm = (2 * squares + totalSquares * (1 - 2 / n) + total * total / (n * n)).squareRoot()
    }
}
