/// A symmetric matrix in the order in which a product with a vector reads it, in memory that serves one matrix after the
/// other.
///
/// A product is as fast as the entries come: they lie in one stream, each of them once, in whole vectors.
struct FoldedTriangle<Scalar: KernelScalar>: ~Copyable {
    /// The number of rows, *n*.
    private(set) var rowCount = 0

    /// The entries, as `kernel_fold_triangle` draws them.
    private var panels = AlignedBuffer<Scalar>()

    /// The size of the memory held.
    var byteCount: Int { self.panels.byteCount }

    /// The length of vectors, which are zero beyond `rowCount`.
    var paddedCount: Int { Scalar.wholeBlocks(self.rowCount) }

    /// How many numbers the panels have.
    private var entryCount: Int { self.paddedCount * (self.paddedCount + Scalar.wholeBlocks(1)) / 2 }

    /// Takes a matrix over.
    ///
    /// - Parameters:
    ///   - triangle: What is right of the diagonal, row by row.
    ///   - diagonal: The diagonal.
    /// - Complexity: O(*n*²).
    mutating func fill(_ triangle: FixedNumbers<Scalar>, diagonal: [Double]) {
        self.rowCount = diagonal.count
        self.panels.withRoom(for: self.entryCount) { panels in
            Scalar.fold(triangle, diagonal: diagonal.span, into: &panels)
        }
    }

    /// Multiplies the last vector of some by the matrix and appends what is left of the product without its components
    /// along all of them, at unit length.
    ///
    /// - Parameters:
    ///   - rows: The vectors, orthonormal, each of them padded, and room for one more.
    ///   - count: How many there are.
    /// - Returns: The product's component along the last vector, and the length of what is left.
    /// - Complexity: O(*n*²).
    func extend<Real: KernelScalar>(
        _ rows: inout MutableSpan<Real>,
        count: Int
    ) -> (alpha: Double, beta: Double) {
        self.panels.withNumbers(self.entryCount) { panels in
            Scalar.multiply(panels, rowCount: self.rowCount, byRow: count - 1, of: &rows)
        }
        let remainder = Real.orthonormalize(row: count, of: &rows, count: self.paddedCount)
        return (remainder.alongLast, remainder.length)
    }
}
