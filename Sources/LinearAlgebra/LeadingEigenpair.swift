/// The leading eigenvalue of a doubly centred matrix, with its eigenvector.
package struct LeadingEigenpair: Sendable {
    /// The eigenvalue, λ₁.
    package let value: Double

    /// The eigenvector of unit length; its sign means nothing.
    package let vector: [Double]
}

/// A doubly centred symmetric matrix *H*(*T* + *D*)*H* + μ*H* of which a packed triangle and two diagonals are given.
///
/// *H* = *I* − **1 1**ᵀ/*n* is never multiplied out: the Lanczos process stays in the space orthogonal to **1**.
package struct CenteredSpectrum {
    /// The diagonal of *D*, one number for each row.
    package let diagonal: [Double]

    /// μ, which shifts all eigenvalues but that of **1**.
    package let shift: Double

    /// The sum of the squared eigenvalues.
    package let squares: Double

    /// The Frobenius norm.
    var norm: Double { self.squares.squareRoot() }

    /// Describes a matrix.
    package init(diagonal: [Double], shift: Double, squares: Double) {
        self.diagonal = diagonal
        self.shift = shift
        self.squares = squares
    }
}
