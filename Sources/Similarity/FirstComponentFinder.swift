internal import LinearAlgebra

/// Finds layers' first components, in memory that serves one layer after the other.
struct FirstComponentFinder<Scalar: KernelScalar>: ~Copyable {
    /// Where the U-centred matrix is folded whose component is looked for.
    var matrix = FoldedTriangle<Scalar>()

    private var process = LanczosProcess<Scalar>()

    /// Creates a finder without any memory.
    init() {}

    /// The size of the memory held.
    var byteCount: Int { self.matrix.byteCount + self.process.byteCount }

    /// Finds the first component of a layer from its U-centred Gram matrix, which is folded in ``matrix``.
    ///
    /// The rows of *K̃* add up to zero, which gives the trace and the sum of squares of the spectrum of *H K H* without
    /// another look at the matrix.
    ///
    /// U-centring is linear: the rest is *K̃* − λ₁*Ũ* with *Ũ* the U-centred form of u₁u₁ᵀ. It is subtracted entry by
    /// entry; as a difference of products the digits would be gone where the component carries nearly everything.
    ///
    /// - Parameters:
    ///   - triangle: *K̃*, with a norm above zero, the last one that was folded there.
    ///   - exponent: Of the power of two that is to be multiplied in again.
    ///   - isDouble: Whether the entries of the rest are kept in Float64.
    /// - Returns: The component, or why there is none.
    mutating func firstComponent(
        of triangle: UCenteredTriangle<Scalar>,
        exponent: Int,
        isDouble: Bool
    ) -> FirstComponentFinding {
        precondition(triangle.isFolded, "A component is looked for in a folded matrix")
        let spectrum = CenteredSpectrum(of: triangle)
        guard let pair = self.process.leadingEigenpair(of: self.matrix, spectrum, gap: FirstComponent.leastGap) else {
            return .undefined(.noGap)
        }
        let unit = Double(sign: .plus, exponent: exponent, significand: triangle.unit)
        let trace = Double(sign: .plus, exponent: exponent, significand: triangle.trace)
        let eigenvalue = pair.value * unit
        guard eigenvalue > 0, eigenvalue.isFinite, trace.isFinite else {
            return .undefined(.outOfRange)
        }
        let remainder = Remainder(of: triangle.entries, spectrum, without: pair)
        let whole = spectrum.squares.squareRoot()
        var rest: FirstComponent.Rest?
        // Examples that are all equally far apart but for the component leave nothing but rounding when U-centred.
        let rounding = Scalar.self == Double.self ? 1e-13 : FirstComponent.leastRest
        if remainder.centeredNorm >= FirstComponent.leastRest * whole, remainder.norm > rounding * whole {
            rest = FirstComponent.Rest(
                norm: remainder.norm * unit,
                unit: unit,
                entries: StoredNumbers(remainder.entries, isDouble: isDouble)
            )
        }
        let share = remainder.norm / whole
        return .found(FirstComponent(eigenvalue: eigenvalue, vector: pair.vector, rest: rest, restShare: share))
    }
}

extension CenteredSpectrum {
    /// What U-centring says about the doubly centred matrix, in the units of the U-centred one.
    fileprivate init<Scalar>(of triangle: UCenteredTriangle<Scalar>) {
        let n = Double(triangle.exampleCount)
        // Without the shift the matrix has no trace: H(K̃ + D)H loses 1ᵀD1/n = 0 of it.
        let squares = triangle.diagonal.reduce(0) { $0 + $1 * $1 }
        self.init(
            diagonal: triangle.diagonal,
            shift: triangle.shift,
            squares: triangle.squares + squares * (1 - 2 / n) + (n - 1) * triangle.shift * triangle.shift
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
