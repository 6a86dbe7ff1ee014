internal import LinearAlgebra

/// What U-centring a Gram matrix has found.
struct UCenteredSums {
    /// The Frobenius norm of the U-centred matrix, both triangles.
    let norm: Double

    /// The Frobenius norm of the matrix as it was, both triangles, without its diagonal.
    let offDiagonalNorm: Double

    /// The Frobenius norm of the matrix as it was, both triangles and its diagonal.
    let fullNorm: Double

    /// The trace of the doubly centred matrix, tr(*H K H*).
    let trace: Double

    /// What the formula subtracts: oᵢ + oⱼ from kᵢⱼ.
    let offsets: [Double]

    /// How much larger the matrix was off its diagonal: the factor by which its relative rounding error grows.
    var cancellation: Double { self.norm > 0 ? self.offDiagonalNorm / self.norm : .infinity }
}

extension GramMatrix {
    /// Computes the U-centred form *K̃* of this Gram matrix *K*, up to writing it down.
    ///
    /// The diagonal of *K̃* is zero. With *r* the row sums and *s* the total of *K* without its diagonal, every other
    /// entry is
    ///
    ///     k̃ᵢⱼ = kᵢⱼ − rᵢ / (n − 2) − rⱼ / (n − 2) + s / ((n − 1)(n − 2))
    ///
    /// Half of the last term goes to the row's offset and half to the column's, so k̃ᵢⱼ = kᵢⱼ − oᵢ − oⱼ. Whatever the
    /// precision of the entries, sums and differences are in Float64.
    ///
    /// U-centring, unlike the double centring *H K H*, makes ⟨K̃, L̃⟩ / (n(n − 3)) an unbiased estimate of HSIC. It
    /// absorbs any term that depends on the row or the column alone: subtracting any vector from all examples, be it a
    /// mean or its rounding error, changes nothing.
    ///
    /// Follows Székely & Rizzo, *Partial distance correlation with methods for dissimilarities*, Annals of Statistics
    /// 42(6), 2014, [doi:10.1214/14-AOS1255][1].
    ///
    /// - Precondition: `exampleCount > 3`.
    /// - Complexity: O(*n*²).
    ///
    /// [1]: https://doi.org/10.1214/14-AOS1255
    func uCenteredSums() -> UCenteredSums {
        precondition(self.exampleCount > 3, "U-centring needs more than 3 examples, got \(self.exampleCount)")
        let n = Double(self.exampleCount)
        let (rows, squares) = self.offDiagonalSums()
        let total = rows.reduce(0, +)
        let half = total / (2 * (n - 1) * (n - 2))
        let offsets = rows.map { $0 / (n - 2) - half }

        let diagonal = self.diagonal
        let diagonalSum = diagonal.reduce(0) { $0 + Double($1) }
        let diagonalSquares = diagonal.reduce(0) { $0 + Double($1) * Double($1) }
        let trace = diagonalSum - (diagonalSum + total) / n
        return UCenteredSums(
            norm: self.offDiagonalSquares(subtracting: offsets).squareRoot(),
            offDiagonalNorm: squares.squareRoot(),
            fullNorm: (squares + diagonalSquares).squareRoot(),
            trace: trace < 0 ? 0 : trace,
            offsets: offsets
        )
    }
}
