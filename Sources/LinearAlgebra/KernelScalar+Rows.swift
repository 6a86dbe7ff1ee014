internal import CKernels

// The inner loops over numbers of a message and rows of a matrix, with their bounds checked.
extension KernelScalar {
    /// Converts as many numbers of a message as `result` has room for and multiplies them by `scale`, a power of two.
    package static func convert(
        _ bytes: RawSpan,
        _ elementType: ElementType,
        scale: Double,
        to result: inout MutableSpan<Self>
    ) {
        precondition(bytes.byteCount >= result.count * elementType.byteCount)
        // SAFETY: The kernel reads and writes `result.count` numbers, and there are as many on both sides.
        unsafe bytes.withUnsafeBytes { bytes in
            unsafe result.withUnsafeMutableBufferPointer { result in
                unsafe kernel_convert(
                    self.elementType.kernelElement,
                    bytes.baseAddress,
                    elementType.kernelElement,
                    result.count,
                    scale,
                    result.baseAddress
                )
            }
        }
    }

    /// The largest magnitude among the numbers of a message; infinity or NaN where any of them is.
    package static func largestMagnitude(of bytes: RawSpan, _ elementType: ElementType) -> Double {
        // SAFETY: The kernel reads no more numbers than there are whole ones.
        unsafe bytes.withUnsafeBytes { bytes in
            unsafe kernel_largest_magnitude(
                self.elementType.kernelElement,
                bytes.baseAddress,
                elementType.kernelElement,
                bytes.count / elementType.byteCount
            )
        }
    }

    /// Adds a row to `totals`, number by number, and returns the sums of the row itself.
    package static func add(_ row: Span<Self>, to totals: inout MutableSpan<Double>) -> RowSums {
        precondition(totals.count >= row.count)
        // SAFETY: The kernel touches `row.count` numbers of both.
        let sums = unsafe row.withUnsafeBufferPointer { row in
            unsafe totals.withUnsafeMutableBufferPointer { totals in
                unsafe kernel_add_row(self.elementType.kernelElement, row.baseAddress, row.count, totals.baseAddress)
            }
        }
        return RowSums(sum: sums.sum, squares: sums.squares)
    }

    /// The sum of (row[j] − offset − offsets[j])².
    package static func squares(of row: Span<Self>, subtracting offset: Double, _ offsets: Span<Double>) -> Double {
        precondition(offsets.count >= row.count)
        // SAFETY: The kernel reads `row.count` numbers of both.
        return unsafe row.withUnsafeBufferPointer { row in
            unsafe offsets.withUnsafeBufferPointer { offsets in
                unsafe kernel_centered_squares(
                    self.elementType.kernelElement,
                    row.baseAddress,
                    row.count,
                    offset,
                    offsets.baseAddress
                )
            }
        }
    }

    /// Replaces row[j] by (row[j] − offset − offsets[j]) · scale.
    package static func subtract(
        _ offset: Double,
        _ offsets: Span<Double>,
        from row: inout MutableSpan<Self>,
        scale: Double
    ) {
        precondition(offsets.count >= row.count)
        // SAFETY: The kernel touches `row.count` numbers of both.
        unsafe row.withUnsafeMutableBufferPointer { row in
            unsafe offsets.withUnsafeBufferPointer { offsets in
                unsafe kernel_center_row(
                    self.elementType.kernelElement,
                    row.baseAddress,
                    row.count,
                    offset,
                    offsets.baseAddress,
                    scale
                )
            }
        }
    }
}
