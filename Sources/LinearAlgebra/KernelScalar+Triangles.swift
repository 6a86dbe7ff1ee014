internal import CKernels

// The inner loops over the upper triangles of symmetric matrices, with their bounds checked.
extension KernelScalar {
    /// Takes offsets from a symmetric matrix: kᵢⱼ − oᵢ − oⱼ for what is right of the diagonal, row by row.
    ///
    /// The differences are in Float64, and are rounded once.
    ///
    /// - Parameters:
    ///   - matrix: The numbers.
    ///   - layout: How they lie.
    ///   - offsets: A number for each row.
    /// - Returns: *n*(*n* − 1) / 2 numbers, and the sum of the squares over both triangles.
    /// - Precondition: `matrix` has all numbers of the layout; they are in Float64 if this precision is, and only then.
    /// - Complexity: O(*n*²).
    package static func centeredTriangle(
        of matrix: RawSpan,
        _ layout: SymmetricLayout,
        subtracting offsets: Span<Double>
    ) -> (triangle: FixedNumbers<Self>, squares: Double) {
        // SAFETY: The kernel reads an offset for each row, and writes every number of the result, in its precision.
        unsafe self.withCenteredTriangle(of: matrix, layout, subtracting: offsets) { matrix, offsets, triangle in
            unsafe kernel_center_triangle(matrix, offsets, triangle)
        }
    }

    /// Does the same, and folds the result with a diagonal.
    ///
    /// - Parameters:
    ///   - matrix: The numbers.
    ///   - layout: How they lie.
    ///   - offsets: A number for each row.
    ///   - diagonal: The diagonal, a number for each row.
    ///   - panels: Aligned room for as many numbers as the panels of *n* rows have.
    /// - Returns: The triangle, and the sum of its squares.
    static func foldedCenteredTriangle(
        of matrix: RawSpan,
        _ layout: SymmetricLayout,
        subtracting offsets: Span<Double>,
        diagonal: Span<Double>,
        into panels: inout MutableSpan<Self>
    ) -> (triangle: FixedNumbers<Self>, squares: Double) {
        precondition(diagonal.count == layout.rowCount && panels.count == self.panelCount(layout.rowCount))
        // SAFETY: The kernel reads an offset and a number of the diagonal for each row, and writes every number of the
        // result and of the panels, in their precision.
        return unsafe diagonal.withUnsafeBufferPointer { diagonal in
            unsafe panels.withUnsafeMutableBufferPointer { panels in
                unsafe self.withCenteredTriangle(of: matrix, layout, subtracting: offsets) {
                    matrix,
                    offsets,
                    triangle in
                    unsafe kernel_fold_centered_triangle(
                        matrix,
                        offsets,
                        triangle,
                        diagonal.baseAddress,
                        panels.baseAddress
                    )
                }
            }
        }
    }

    /// Calls a kernel with a matrix, an offset for each row, and room for the triangle.
    ///
    /// - Returns: The triangle, and what the kernel returns.
    private static func withCenteredTriangle(
        of matrix: RawSpan,
        _ layout: SymmetricLayout,
        subtracting offsets: Span<Double>,
        _ kernel: (UnsafePointer<kernel_symmetric>, UnsafePointer<Double>?, UnsafeMutablePointer<Self>?) -> Double
    ) -> (triangle: FixedNumbers<Self>, squares: Double) {
        let n = layout.rowCount
        precondition(offsets.count == n, "\(offsets.count) offsets are none for \(n) rows")
        precondition((layout.elementType == .float64) == (self.elementType == .float64))
        var squares = 0.0
        let triangle = FixedNumbers<Self>(count: n * (n - 1) / 2) { triangle in
            // SAFETY: Who calls says what the kernel reads and writes of them.
            squares = unsafe layout.withKernelMatrix(matrix) { matrix in
                unsafe triangle.withUnsafeMutableBufferPointer { triangle in
                    unsafe offsets.withUnsafeBufferPointer { offsets in
                        unsafe kernel(matrix, offsets.baseAddress, triangle.baseAddress)
                    }
                }
            }
        }
        return (triangle, squares)
    }

    /// Adds the rows of a matrix, or of its upper triangle, to the packed upper triangle of a larger one.
    ///
    /// - Parameters:
    ///   - matrix: A part of the larger matrix.
    ///   - rows: Which rows it is.
    ///   - columns: Which columns; the same where it is a part on the diagonal.
    ///   - stride: The distance of its rows.
    ///   - total: The larger matrix.
    ///   - count: How many rows that has.
    static func add(
        _ matrix: Span<Self>,
        rows: Range<Int>,
        columns: Range<Int>,
        stride: Int,
        to total: inout MutableSpan<Double>,
        count: Int
    ) {
        guard !rows.isEmpty else { return }
        precondition(columns.count <= stride && matrix.count >= (rows.count - 1) * stride + columns.count)
        precondition(total.count == count * (count + 1) / 2 && columns.upperBound <= count)
        precondition(rows == columns || rows.upperBound <= columns.lowerBound, "Below the diagonal nothing is stored")
        // SAFETY: The kernel reads as many numbers of each row as there are columns, and changes those of the larger
        // triangle, all of which exist.
        unsafe matrix.withUnsafeBufferPointer { matrix in
            unsafe total.withUnsafeMutableBufferPointer { total in
                unsafe kernel_add_rows(
                    self.elementType.kernelElement,
                    matrix.baseAddress,
                    stride,
                    rows.count,
                    columns.count,
                    rows == columns,
                    total.baseAddress?.advanced(by: packedIndex(rows.lowerBound, columns.lowerBound, count: count)),
                    count - rows.lowerBound
                )
            }
        }
    }
}
