internal import CKernels

/// What one look at a symmetric matrix finds, all of it in Float64.
package struct SymmetricSums: Sendable {
    /// The sums of every row without its entry on the diagonal.
    package let rows: [Double]

    /// The entries on the diagonal.
    package let diagonal: [Double]

    /// The sum of all squares off the diagonal; NaN or infinite where any number off the diagonal is, of a matrix without
    /// gaps in either triangle.
    package let squares: Double

    /// Looks at a matrix.
    ///
    /// - Parameters:
    ///   - matrix: The numbers.
    ///   - layout: How they lie.
    /// - Precondition: `matrix` has all numbers of the layout.
    /// - Complexity: O(*n*²).
    package init(of matrix: RawSpan, _ layout: SymmetricLayout) {
        var rows = [Double](repeating: 0, count: layout.rowCount)
        var diagonal = rows
        var rowSums = rows.mutableSpan
        var entries = diagonal.mutableSpan
        // SAFETY: The kernel writes a number of each row to both.
        self.squares = unsafe layout.withKernelMatrix(matrix) { matrix in
            unsafe rowSums.withUnsafeMutableBufferPointer { rowSums in
                unsafe entries.withUnsafeMutableBufferPointer { entries in
                    unsafe kernel_symmetric_sums(matrix, rowSums.baseAddress, entries.baseAddress)
                }
            }
        }
        self.rows = rows
        self.diagonal = diagonal
    }
}
