internal import CKernels

// The inner loops over the upper triangles of square matrices, with their bounds checked.
extension KernelScalar {
    /// Reads a symmetric matrix of a message into the upper triangle of one of this precision.
    ///
    /// - Parameters:
    ///   - bytes: A whole square, or with `isPacked` its upper triangle, row by row, with any alignment.
    ///   - elementType: How the numbers are stored.
    ///   - isPacked: Whether the lower triangle is left out.
    ///   - rowCount: The number of rows.
    ///   - scale: A power of two that the numbers are multiplied by.
    ///   - matrix: The matrix.
    ///   - stride: The distance of its rows.
    /// - Returns: The largest magnitude among all numbers of the message; infinity or NaN where any of them is.
    static func readSymmetric(
        _ bytes: RawSpan,
        _ elementType: ElementType,
        isPacked: Bool,
        rowCount: Int,
        scale: Double,
        into matrix: inout MutableSpan<Self>,
        stride: Int
    ) -> Double {
        Self.checkTriangle(matrix.count, rowCount: rowCount, stride: stride)
        let numberCount = isPacked ? rowCount * (rowCount + 1) / 2 : rowCount * rowCount
        precondition(bytes.byteCount >= numberCount * elementType.byteCount)
        // SAFETY: The kernel reads as many numbers as a matrix of the kind has, and writes a triangle; both were
        // checked to be there.
        return unsafe bytes.withUnsafeBytes { bytes in
            unsafe matrix.withUnsafeMutableBufferPointer { matrix in
                unsafe kernel_read_symmetric(
                    self.elementType.kernelElement,
                    bytes.baseAddress,
                    elementType.kernelElement,
                    rowCount,
                    isPacked,
                    scale,
                    matrix.baseAddress,
                    stride
                )
            }
        }
    }

    /// The sums of every row of a symmetric matrix without its diagonal, and the sum of all squares off the diagonal.
    static func offDiagonalSums(of matrix: Span<Self>, rowCount: Int, stride: Int) -> (rows: [Double], squares: Double)
    {
        Self.checkTriangle(matrix.count, rowCount: rowCount, stride: stride)
        var rows = [Double](repeating: 0, count: rowCount)
        var sums = rows.mutableSpan
        // SAFETY: The kernel reads a triangle, which was checked to be there, and writes `rowCount` sums.
        let squares = unsafe matrix.withUnsafeBufferPointer { matrix in
            unsafe sums.withUnsafeMutableBufferPointer { sums in
                unsafe kernel_triangle_sums(
                    self.elementType.kernelElement,
                    matrix.baseAddress,
                    stride,
                    rowCount,
                    sums.baseAddress
                )
            }
        }
        return (rows, squares)
    }

    /// The sum of (kᵢⱼ − oᵢ − oⱼ)² over all i ≠ j of a symmetric matrix.
    static func offDiagonalSquares(of matrix: Span<Self>, stride: Int, subtracting offsets: Span<Double>) -> Double {
        Self.checkTriangle(matrix.count, rowCount: offsets.count, stride: stride)
        // SAFETY: The kernel reads a triangle, which was checked to be there, and as many offsets as it has rows.
        return unsafe matrix.withUnsafeBufferPointer { matrix in
            unsafe offsets.withUnsafeBufferPointer { offsets in
                unsafe kernel_triangle_squares(
                    self.elementType.kernelElement,
                    matrix.baseAddress,
                    stride,
                    offsets.count,
                    offsets.baseAddress
                )
            }
        }
    }

    /// (kᵢⱼ − oᵢ − oⱼ) · scale for what is right of the diagonal, row by row.
    static func centeredTriangle(
        of matrix: Span<Self>,
        stride: Int,
        subtracting offsets: Span<Double>,
        scale: Double
    ) -> FixedNumbers<Self> {
        Self.checkTriangle(matrix.count, rowCount: offsets.count, stride: stride)
        let count = offsets.count * (offsets.count - 1) / 2
        // SAFETY: The kernel reads a triangle, which was checked to be there, and as many offsets as it has rows; it
        // writes every number of the result.
        return FixedNumbers(count: count) { triangle in
            unsafe triangle.withUnsafeMutableBufferPointer { triangle in
                unsafe matrix.withUnsafeBufferPointer { matrix in
                    unsafe offsets.withUnsafeBufferPointer { offsets in
                        unsafe kernel_center_triangle(
                            self.elementType.kernelElement,
                            matrix.baseAddress,
                            stride,
                            offsets.count,
                            offsets.baseAddress,
                            scale,
                            triangle.baseAddress
                        )
                    }
                }
            }
        }
    }

    /// Computes the same, and leaves it in the matrix's place with another diagonal, folded.
    ///
    /// - Precondition: The rows of the matrix are whole blocks, and so aligned.
    static func foldCenteredTriangle(
        of matrix: inout MutableSpan<Self>,
        stride: Int,
        subtracting offsets: Span<Double>,
        scale: Double,
        diagonal: Span<Double>
    ) -> FixedNumbers<Self> {
        let n = offsets.count
        precondition(diagonal.count == n && stride == self.wholeBlocks(n) && matrix.count == stride * stride)
        // SAFETY: The kernel reads n rows of a triangle and as many offsets and numbers of the diagonal, changes nothing
        // but the matrix, all of which exists, and writes every number of the result.
        return FixedNumbers(count: n * (n - 1) / 2) { triangle in
            unsafe triangle.withUnsafeMutableBufferPointer { triangle in
                unsafe matrix.withUnsafeMutableBufferPointer { matrix in
                    unsafe offsets.withUnsafeBufferPointer { offsets in
                        unsafe diagonal.withUnsafeBufferPointer { diagonal in
                            unsafe kernel_fold_centered_triangle(
                                self.elementType.kernelElement,
                                matrix.baseAddress,
                                stride,
                                n,
                                offsets.baseAddress,
                                scale,
                                diagonal.baseAddress,
                                triangle.baseAddress
                            )
                        }
                    }
                }
            }
        }
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

    private static func checkTriangle(_ count: Int, rowCount: Int, stride: Int) {
        precondition(
            rowCount == 0 || rowCount <= stride && count >= (rowCount - 1) * stride + rowCount,
            "\(count) numbers are no \(rowCount) rows that are \(stride) apart"
        )
    }
}
