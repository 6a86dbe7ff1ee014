internal import CKernels

// A triangle is packed, row by row; for *n* rows it has *n*(*n* − 1)/2 entries.
extension KernelScalar {
    /// Multiplies a vector by a folded matrix, and writes the product behind it.
    ///
    /// - Parameters:
    ///   - panels: The matrix.
    ///   - rowCount: The number of its rows, *n*.
    ///   - row: Which vector.
    ///   - rows: Vectors of *n* numbers, padded with zeros to whole blocks of the matrix's precision, which is not the
    ///     higher one.
    static func multiply<Real: KernelScalar>(
        _ panels: Span<Self>,
        rowCount: Int,
        byRow row: Int,
        of rows: inout MutableSpan<Real>
    ) {
        let stride = Self.wholeBlocks(rowCount)
        precondition(MemoryLayout<Self>.size <= MemoryLayout<Real>.size && panels.count == Self.panelCount(rowCount))
        precondition(row >= 0 && rows.count >= (row + 2) * stride)
        // SAFETY: The kernel reads panels of n rows and a vector, and writes the one behind it; all of them were checked
        // to exist. They come from aligned buffers and are whole blocks.
        unsafe panels.withUnsafeBufferPointer { panels in
            unsafe rows.withUnsafeMutableBufferPointer { rows in
                unsafe kernel_multiply_panels(
                    self.elementType.kernelElement,
                    Real.elementType.kernelElement,
                    panels.baseAddress,
                    rowCount,
                    rows.baseAddress?.advanced(by: row * stride),
                    rows.baseAddress?.advanced(by: (row + 1) * stride)
                )
            }
        }
    }

    /// Takes from a vector its components along some of those before it, which have unit length, and gives it that too.
    ///
    /// - Parameters:
    ///   - row: Which vector.
    ///   - fixedCount: How many of the first ones count.
    ///   - first: From which one on they count too.
    ///   - rows: The vectors.
    ///   - count: How many numbers each of them has.
    /// - Returns: The component along the vector right before, and the length of what is left.
    static func orthonormalize(
        row: Int,
        toFirst fixedCount: Int,
        andFrom first: Int,
        of rows: inout MutableSpan<Self>,
        count: Int
    ) -> (alongLast: Double, length: Double) {
        precondition(0 <= fixedCount && fixedCount <= first && first <= row && rows.count >= (row + 1) * count)
        // SAFETY: The kernel reads `row` vectors and changes the one behind them, all of which were checked to exist.
        let remainder = unsafe rows.withUnsafeMutableBufferPointer { rows in
            unsafe kernel_orthonormalize(
                self.elementType.kernelElement,
                rows.baseAddress,
                fixedCount,
                first,
                row,
                count
            )
        }
        return (remainder.along_last, remainder.length)
    }

    /// How many numbers the panels of *n* rows have.
    static func panelCount(_ rowCount: Int) -> Int {
        let padded = self.wholeBlocks(rowCount)
        return padded * (padded + self.wholeBlocks(1)) / 2
    }

    /// tᵢⱼ − λ uᵢ uⱼ + oᵢ + oⱼ for every entry of a triangle.
    ///
    /// - Returns: The triangle, and the sum of the squares of its entries.
    package static func removeOuterProduct(
        of vector: Span<Self>,
        times lambda: Double,
        offsets: Span<Self>,
        from triangle: FixedNumbers<Self>
    ) -> (triangle: FixedNumbers<Self>, squares: Double) {
        let n = vector.count
        precondition(triangle.count == n * (n - 1) / 2 && offsets.count == n)
        var squares = 0.0
        // SAFETY: The kernel reads a triangle of n rows and n numbers of both vectors, which were checked to exist, and
        // writes every number of the result.
        let result = FixedNumbers<Self>(count: triangle.count) { result in
            squares = unsafe vector.withUnsafeBufferPointer { vector in
                unsafe offsets.withUnsafeBufferPointer { offsets in
                    unsafe result.withUnsafeMutableBufferPointer { result in
                        unsafe kernel_remove_outer_product(
                            self.elementType.kernelElement,
                            triangle.address(of: 0..<triangle.count),
                            n,
                            lambda,
                            vector.baseAddress,
                            offsets.baseAddress,
                            result.baseAddress
                        )
                    }
                }
            }
        }
        return (result, squares)
    }
}
