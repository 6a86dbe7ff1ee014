/// A symmetric matrix in the order in which a product with a vector reads it.
///
/// A product is as fast as the entries come: they lie in one stream, each of them once, in whole vectors.
package struct FoldedTriangle<Scalar: KernelScalar>: ~Copyable {
    /// The number of rows, *n*.
    let rowCount: Int

    /// The entries, as `kernel_fold_centered_triangle` draws them, and whatever lies behind them.
    private let panels: AlignedBuffer<Scalar>

    /// Takes memory over that holds a folded matrix.
    init(rowCount: Int, panels: consuming AlignedBuffer<Scalar>) {
        self.rowCount = rowCount
        self.panels = panels
    }

    /// The length of vectors, which are zero beyond `rowCount`.
    var paddedCount: Int { Scalar.wholeBlocks(self.rowCount) }

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

    /// Gives the memory back.
    consuming func takePanels() -> AlignedBuffer<Scalar> {
        self.panels
    }
}
