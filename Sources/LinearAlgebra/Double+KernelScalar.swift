internal import CKernels
internal import COpenBLAS

extension Double: KernelScalar {
    package static var elementType: ElementType { .float64 }

    package static var safeDiagonal: ClosedRange<Double> { 1e-120...1e120 }

    package static func center(
        columns: Range<Int>,
        of activations: RawSpan,
        shape: ActivationShape,
        scale: Double,
        into panel: inout MutableSpan<Double>,
        stride: Int,
        means: inout MutableSpan<Double>
    ) -> FeatureSummary {
        precondition(activations.byteCount == shape.byteCount && columns.upperBound <= shape.featureCount)
        precondition(columns.count <= stride && columns.count <= means.count)
        precondition(panel.count >= (shape.exampleCount - 1) * stride + columns.count)
        // SAFETY: The kernel reads `columns` of every row, and writes as many numbers of every row of the panel and
        // of the means; all of them were checked to exist.
        let summary = unsafe activations.withUnsafeBytes { bytes in
            unsafe panel.withUnsafeMutableBufferPointer { panel in
                unsafe means.withUnsafeMutableBufferPointer { means in
                    unsafe kernel_center_panel_f64(
                        bytes.baseAddress?.advanced(by: columns.lowerBound * shape.elementType.byteCount),
                        shape.rowByteCount,
                        shape.elementType.kernelElement,
                        shape.exampleCount,
                        columns.count,
                        scale,
                        panel.baseAddress,
                        stride,
                        means.baseAddress
                    )
                }
            }
        }
        return FeatureSummary(squaredMeans: summary.squared_means, varies: summary.varies)
    }

    package static func convert(
        _ bytes: RawSpan,
        _ elementType: ElementType,
        scale: Double,
        to result: inout MutableSpan<Double>
    ) {
        precondition(bytes.byteCount >= result.count * elementType.byteCount)
        // SAFETY: The kernel reads and writes `result.count` numbers, and there are as many on both sides.
        unsafe bytes.withUnsafeBytes { bytes in
            unsafe result.withUnsafeMutableBufferPointer { result in
                unsafe kernel_convert_f64(
                    bytes.baseAddress,
                    elementType.kernelElement,
                    result.count,
                    scale,
                    result.baseAddress
                )
            }
        }
    }

    package static func largestMagnitude(of bytes: RawSpan, _ elementType: ElementType) -> Double {
        // SAFETY: The kernel reads no more numbers than there are whole ones.
        let largest = unsafe bytes.withUnsafeBytes { bytes in
            unsafe kernel_largest_magnitude_f64(
                bytes.baseAddress,
                elementType.kernelElement,
                bytes.count / elementType.byteCount
            )
        }
        return largest
    }

    package static func add(_ row: Span<Double>, to totals: inout MutableSpan<Double>) -> RowSums {
        precondition(totals.count >= row.count)
        // SAFETY: The kernel touches `row.count` numbers of both.
        let sums = unsafe row.withUnsafeBufferPointer { row in
            unsafe totals.withUnsafeMutableBufferPointer { totals in
                unsafe kernel_add_row_f64(row.baseAddress, row.count, totals.baseAddress)
            }
        }
        return RowSums(sum: sums.sum, squares: sums.squares)
    }

    package static func squares(of row: Span<Double>, subtracting offset: Double, _ offsets: Span<Double>) -> Double {
        precondition(offsets.count >= row.count)
        // SAFETY: The kernel reads `row.count` numbers of both.
        return unsafe row.withUnsafeBufferPointer { row in
            unsafe offsets.withUnsafeBufferPointer { offsets in
                unsafe kernel_centered_squares_f64(row.baseAddress, row.count, offset, offsets.baseAddress)
            }
        }
    }

    package static func subtract(
        _ offset: Double,
        _ offsets: Span<Double>,
        from row: inout MutableSpan<Double>,
        scale: Double
    ) {
        precondition(offsets.count >= row.count)
        // SAFETY: The kernel touches `row.count` numbers of both.
        unsafe row.withUnsafeMutableBufferPointer { row in
            unsafe offsets.withUnsafeBufferPointer { offsets in
                unsafe kernel_center_row_f64(row.baseAddress, row.count, offset, offsets.baseAddress, scale)
            }
        }
    }

    package static func multiplyByOwnTranspose(
        _ matrix: Span<Double>,
        rowCount: Int,
        columnCount: Int,
        stride: Int,
        into result: inout MutableSpan<Double>,
        isAdding: Bool
    ) {
        precondition(columnCount <= stride && matrix.count >= (rowCount - 1) * stride + columnCount)
        precondition(result.count >= rowCount * rowCount)
        OpenBLAS.useOneThread()
        // SAFETY: The routine reads `rowCount` rows of `columnCount` numbers and writes inside a square of `rowCount`;
        // all of them were checked to exist.
        unsafe matrix.withUnsafeBufferPointer { matrix in
            unsafe result.withUnsafeMutableBufferPointer { result in
                unsafe cblas_dsyrk(
                    CblasRowMajor,
                    CblasUpper,
                    CblasNoTrans,
                    blasint(rowCount),
                    blasint(columnCount),
                    1,
                    matrix.baseAddress,
                    blasint(stride),
                    isAdding ? 1 : 0,
                    result.baseAddress,
                    blasint(rowCount)
                )
            }
        }
    }

    package static func multiply(
        _ left: Span<Double>,
        rowCount: Int,
        byTransposeOf right: Span<Double>,
        rowCount rightRowCount: Int,
        columnCount: Int,
        stride: Int,
        into result: inout MutableSpan<Double>
    ) {
        precondition(columnCount <= stride && left.count >= (rowCount - 1) * stride + columnCount)
        precondition(right.count >= (rightRowCount - 1) * stride + columnCount)
        precondition(result.count >= rowCount * rightRowCount)
        OpenBLAS.useOneThread()
        // SAFETY: The routine reads the rows of both sides and writes `rowCount` × `rightRowCount` numbers; all of
        // them were checked to exist.
        unsafe left.withUnsafeBufferPointer { left in
            unsafe right.withUnsafeBufferPointer { right in
                unsafe result.withUnsafeMutableBufferPointer { result in
                    unsafe cblas_dgemm(
                        CblasRowMajor,
                        CblasNoTrans,
                        CblasTrans,
                        blasint(rowCount),
                        blasint(rightRowCount),
                        blasint(columnCount),
                        1,
                        left.baseAddress,
                        blasint(stride),
                        right.baseAddress,
                        blasint(stride),
                        0,
                        result.baseAddress,
                        blasint(rightRowCount)
                    )
                }
            }
        }
    }
}
