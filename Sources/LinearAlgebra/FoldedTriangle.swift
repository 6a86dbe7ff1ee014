/// A symmetric matrix in the order in which a product with a vector reads it, in memory that serves one matrix after the
/// other.
///
/// A product is as fast as the entries come: they lie in one stream, each of them once, in whole vectors.
package struct FoldedTriangle<Scalar: KernelScalar>: ~Copyable {
    /// The number of rows, *n*.
    private(set) var rowCount = 0

    /// The entries, as `kernel_fold_centered_triangle` draws them.
    private var panels = AlignedBuffer<Scalar>()

    /// Creates a matrix of no rows.
    package init() {}

    /// The size of the memory held.
    package var byteCount: Int { self.panels.byteCount }

    /// The length of vectors, which are zero beyond `rowCount`.
    var paddedCount: Int { Scalar.wholeBlocks(self.rowCount) }

    /// Takes offsets from a symmetric matrix, and folds what is left with a diagonal.
    ///
    /// - Parameters:
    ///   - matrix: The numbers.
    ///   - layout: How they lie.
    ///   - offsets: A number for each row.
    ///   - diagonal: The diagonal, a number for each row.
    /// - Returns: What ``KernelScalar/centeredTriangle(of:_:subtracting:)`` returns.
    /// - Precondition: That function's.
    /// - Complexity: O(*n*²).
    package mutating func fill(
        centering matrix: RawSpan,
        _ layout: SymmetricLayout,
        subtracting offsets: Span<Double>,
        diagonal: Span<Double>
    ) -> (triangle: FixedNumbers<Scalar>, squares: Double) {
        self.rowCount = layout.rowCount
        return self.panels.withRoom(for: Scalar.panelCount(layout.rowCount)) { panels in
            Scalar.foldedCenteredTriangle(
                of: matrix,
                layout,
                subtracting: offsets,
                diagonal: diagonal,
                into: &panels
            )
        }
    }

    /// Multiplies a vector by the matrix, and writes the product behind it.
    ///
    /// - Parameters:
    ///   - row: Which of some vectors.
    ///   - rows: The vectors, each of them padded.
    /// - Complexity: O(*n*²).
    func multiply<Real: KernelScalar>(row: Int, of rows: inout MutableSpan<Real>) {
        self.panels.withNumbers(Scalar.panelCount(self.rowCount)) { panels in
            Scalar.multiply(panels, rowCount: self.rowCount, byRow: row, of: &rows)
        }
    }
}
