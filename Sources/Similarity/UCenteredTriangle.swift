internal import LinearAlgebra

/// A Gram matrix *K* and what is left of it when it is U-centred, *K̃*.
///
/// The diagonal of *K̃* is zero. With *r* the row sums and *s* the total of *K* without its diagonal, every other entry is
///
///     k̃ᵢⱼ = kᵢⱼ − rᵢ / (n − 2) − rⱼ / (n − 2) + s / ((n − 1)(n − 2))
///
/// Half of the last term goes to the row's offset and half to the column's, so k̃ᵢⱼ = kᵢⱼ − oᵢ − oⱼ. Whatever the precision
/// of the entries, sums and differences are in Float64.
///
/// U-centring, unlike the double centring *H K H*, makes ⟨K̃, L̃⟩ / (n(n − 3)) an unbiased estimate of HSIC. It absorbs any
/// term that depends on the row or the column alone: subtracting any vector from all examples, be it a mean or its
/// rounding error, changes nothing.
///
/// Follows Székely & Rizzo, *Partial distance correlation with methods for dissimilarities*, Annals of Statistics 42(6),
/// 2014, [doi:10.1214/14-AOS1255][1].
///
/// [1]: https://doi.org/10.1214/14-AOS1255
struct UCenteredTriangle<Scalar: KernelScalar> {
    /// What is right of the diagonal of *K̃*, row by row, in units.
    ///
    /// The norm of both triangles is at most 2, so that Float32 holds the entries and their squares whatever the scale of
    /// the matrix is.
    let entries: FixedNumbers<Scalar>

    /// The sum of the squares of the entries, both triangles.
    let squares: Double

    /// What the entries are to be multiplied by: a power of two.
    let unit: Double

    /// Whether the matrix is folded, too.
    let isFolded: Bool

    /// What *H K H* has on its diagonal beside *K̃*, in units: kᵢᵢ − 2oᵢ, less the mean of all.
    ///
    /// kᵢⱼ = k̃ᵢⱼ + oᵢ + oⱼ off the diagonal, so *H K H* = *H*(*K̃* + diag(kᵢᵢ − 2oᵢ))*H*: terms of the row or the column alone
    /// vanish.
    let diagonal: [Double]

    /// That mean.
    let shift: Double

    /// The trace of the doubly centred matrix, tr(*H K H*).
    let trace: Double

    /// The Frobenius norm of *K* without its diagonal, both triangles.
    let offDiagonalNorm: Double

    /// The Frobenius norm of *K*, both triangles and the diagonal.
    let fullNorm: Double

    /// U-centres a matrix.
    ///
    /// - Parameters:
    ///   - gram: The numbers of *K*.
    ///   - layout: How they lie.
    ///   - folded: Where what is left of *K* is folded with ``diagonal``.
    ///   - isFolding: Whether it is.
    /// - Throws: ``NonFiniteError`` when any number is NaN or infinite.
    /// - Precondition: `layout` has more than 3 rows, `gram` has all its numbers, and their squares can be added up in
    ///   Float64.
    /// - Complexity: O(*n*²).
    init(
        of gram: RawSpan,
        _ layout: SymmetricLayout,
        into folded: inout FoldedTriangle<Scalar>,
        isFolding: Bool
    ) throws(NonFiniteError) {
        precondition(layout.rowCount > 3, "U-centring needs more than 3 examples, got \(layout.rowCount)")
        let n = Double(layout.rowCount)
        let sums = SymmetricSums(of: gram, layout)
        let fullNorm = (sums.squares + sums.diagonal.reduce(0) { $0 + $1 * $1 }).squareRoot()
        guard fullNorm.isFinite else { throw NonFiniteError() }
        self.fullNorm = fullNorm
        self.offDiagonalNorm = sums.squares.squareRoot()

        let total = sums.rows.reduce(0, +)
        let half = total / (2 * (n - 1) * (n - 2))
        let diagonalSum = sums.diagonal.reduce(0, +)
        self.trace = max(0, diagonalSum - (diagonalSum + total) / n)

        // U-centring is a projection: it leaves no more than there was. Units are not so small that Float64 would not have
        // what multiplies by their inverse.
        let leastExponent = max(0, Int(layout.scale.exponent)) - 1000
        let exponent = self.offDiagonalNorm > 0 ? max(leastExponent, Int(self.offDiagonalNorm.exponent)) : 0
        let scale = Double(sign: .plus, exponent: -exponent, significand: 1)
        self.unit = Double(sign: .plus, exponent: exponent, significand: 1)
        let offsets = sums.rows.map { ($0 / (n - 2) - half) * scale }
        let center = zip(sums.diagonal, offsets).map { $0 * scale - 2 * $1 }
        let mean = center.reduce(0, +) / n
        self.diagonal = center.map { $0 - mean }
        self.shift = mean

        self.isFolded = isFolding
        var scaled = layout
        scaled.scale *= scale
        if isFolding {
            let diagonal = self.diagonal
            (self.entries, self.squares) = folded.fill(
                centering: gram,
                scaled,
                subtracting: offsets.span,
                diagonal: diagonal.span
            )
        } else {
            (self.entries, self.squares) = Scalar.centeredTriangle(of: gram, scaled, subtracting: offsets.span)
        }
    }

    /// The number of examples, *n*.
    var exampleCount: Int { self.diagonal.count }

    /// The Frobenius norm of *K̃*, both triangles.
    var norm: Double { self.squares.squareRoot() * self.unit }

    /// How much larger the matrix was off its diagonal: the factor by which its relative rounding error grows.
    var cancellation: Double { self.norm > 0 ? self.offDiagonalNorm / self.norm : .infinity }
}

extension GramMatrix {
    /// U-centres the matrix.
    ///
    /// - Parameters:
    ///   - folded: Where what is left of it may be folded.
    ///   - isFolding: Whether it is.
    /// - Returns: What is left.
    /// - Throws: ``NonFiniteError`` when any entry is NaN or infinite.
    func uCentered(
        into folded: inout FoldedTriangle<Scalar>,
        isFolding: Bool
    ) throws(NonFiniteError) -> UCenteredTriangle<Scalar> {
        try self.withMatrix { gram, layout throws(NonFiniteError) in
            try UCenteredTriangle(of: gram, layout, into: &folded, isFolding: isFolding)
        }
    }
}
