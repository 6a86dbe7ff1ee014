internal import CKernels
internal import COpenBLAS

extension Float: KernelScalar {
    package static var elementType: ElementType { .float32 }

    package static var safeDiagonal: ClosedRange<Double> { 1e-25...1e35 }

    package static func center(
        columns: Range<Int>,
        of activations: RawSpan,
        shape: ActivationShape,
        scale: Double,
        into panel: inout MutableSpan<Float>,
        stride: Int,
        means: inout MutableSpan<Float>
    ) -> FeatureSummary {
        precondition(activations.byteCount == shape.byteCount && columns.upperBound <= shape.featureCount)
        precondition(columns.count <= stride && columns.count <= means.count)
        precondition(panel.count >= (shape.exampleCount - 1) * stride + columns.count)
        // SAFETY: The kernel reads `columns` of every row, and writes as many numbers of every row of the panel and
        // of the means; all of them were checked to exist.
        let summary = unsafe activations.withUnsafeBytes { bytes in
            unsafe panel.withUnsafeMutableBufferPointer { panel in
                unsafe means.withUnsafeMutableBufferPointer { means in
                    unsafe kernel_center_panel_f32(
                        bytes.baseAddress?.advanced(by: columns.lowerBound * shape.elementType.byteCount),
                        shape.rowByteCount,
                        shape.elementType.kernelElement,
                        shape.exampleCount,
                        columns.count,
                        Float(scale),
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
        to result: inout MutableSpan<Float>
    ) {
        precondition(bytes.byteCount >= result.count * elementType.byteCount)
        // SAFETY: The kernel reads and writes `result.count` numbers, and there are as many on both sides.
        unsafe bytes.withUnsafeBytes { bytes in
            unsafe result.withUnsafeMutableBufferPointer { result in
                unsafe kernel_convert_f32(
                    bytes.baseAddress,
                    elementType.kernelElement,
                    result.count,
                    Float(scale),
                    result.baseAddress
                )
            }
        }
    }

    package static func largestMagnitude(of bytes: RawSpan, _ elementType: ElementType) -> Double {
        // SAFETY: The kernel reads no more numbers than there are whole ones.
        let largest = unsafe bytes.withUnsafeBytes { bytes in
            unsafe kernel_largest_magnitude_f32(
                bytes.baseAddress,
                elementType.kernelElement,
                bytes.count / elementType.byteCount
            )
        }
        return Double(largest)
    }

    package static func add(_ row: Span<Float>, to totals: inout MutableSpan<Double>) -> RowSums {
        precondition(totals.count >= row.count)
        // SAFETY: The kernel touches `row.count` numbers of both.
        let sums = unsafe row.withUnsafeBufferPointer { row in
            unsafe totals.withUnsafeMutableBufferPointer { totals in
                unsafe kernel_add_row_f32(row.baseAddress, row.count, totals.baseAddress)
            }
        }
        return RowSums(sum: sums.sum, squares: sums.squares)
    }

    package static func squares(of row: Span<Float>, subtracting offset: Double, _ offsets: Span<Double>) -> Double {
        precondition(offsets.count >= row.count)
        // SAFETY: The kernel reads `row.count` numbers of both.
        return unsafe row.withUnsafeBufferPointer { row in
            unsafe offsets.withUnsafeBufferPointer { offsets in
                unsafe kernel_centered_squares_f32(row.baseAddress, row.count, offset, offsets.baseAddress)
            }
        }
    }

    package static func subtract(
        _ offset: Double,
        _ offsets: Span<Double>,
        from row: inout MutableSpan<Float>,
        scale: Double
    ) {
        precondition(offsets.count >= row.count)
        // SAFETY: The kernel touches `row.count` numbers of both.
        unsafe row.withUnsafeMutableBufferPointer { row in
            unsafe offsets.withUnsafeBufferPointer { offsets in
                unsafe kernel_center_row_f32(row.baseAddress, row.count, offset, offsets.baseAddress, scale)
            }
        }
    }

    package static func multiplyByOwnTranspose(
        _ matrix: Span<Float>,
        rowCount: Int,
        columnCount: Int,
        stride: Int,
        into result: inout MutableSpan<Float>,
        isAdding: Bool
    ) {
        precondition(columnCount <= stride && matrix.count >= (rowCount - 1) * stride + columnCount)
        precondition(result.count >= rowCount * rowCount)
        OpenBLAS.useOneThread()
        // SAFETY: The routine reads `rowCount` rows of `columnCount` numbers and writes inside a square of `rowCount`;
        // all of them were checked to exist.
        unsafe matrix.withUnsafeBufferPointer { matrix in
            unsafe result.withUnsafeMutableBufferPointer { result in
                unsafe cblas_ssyrk(
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
        _ left: Span<Float>,
        rowCount: Int,
        byTransposeOf right: Span<Float>,
        rowCount rightRowCount: Int,
        columnCount: Int,
        stride: Int,
        into result: inout MutableSpan<Float>
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
                    unsafe cblas_sgemm(
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
