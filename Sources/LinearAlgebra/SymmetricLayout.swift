internal import CKernels

/// How a symmetric matrix lies in memory: as a square, or packed.
///
/// What is right of the diagonal is read, and the diagonal; of a whole square the rest is looked at for NaN and infinity.
package struct SymmetricLayout: Sendable {
    /// How the numbers are stored.
    let elementType: ElementType

    /// The number of rows, *n*.
    package let rowCount: Int

    /// The distance of a square's rows, in numbers; `nil` where only the upper triangle with the diagonal is there, row by
    /// row.
    let stride: Int?

    /// Whether numbers left of a square's diagonal are looked at.
    package var isWhole: Bool

    /// A power of two that all numbers are multiplied by.
    package var scale = 1.0

    /// Describes a matrix without gaps.
    ///
    /// - Parameters:
    ///   - elementType: How the numbers are stored, little-endian, with any alignment.
    ///   - rowCount: The number of rows, *n*.
    ///   - isPacked: Whether the lower triangle is left out; else the matrix is *n* × *n*.
    package init(elementType: ElementType, rowCount: Int, isPacked: Bool) {
        self.elementType = elementType
        self.rowCount = rowCount
        self.stride = isPacked ? nil : rowCount
        self.isWhole = !isPacked
    }

    /// Describes the upper triangle of a square.
    init(elementType: ElementType, rowCount: Int, stride: Int) {
        self.elementType = elementType
        self.rowCount = rowCount
        self.stride = stride
        self.isWhole = false
    }

    /// The bytes from the first number to the last.
    package var byteCount: Int {
        let n = self.rowCount
        let count = self.stride.map { n == 0 ? 0 : (n - 1) * $0 + n } ?? n * (n + 1) / 2
        return count * self.elementType.byteCount
    }
}

extension SymmetricLayout {
    /// Calls a closure with a matrix as the kernels know it.
    ///
    /// - Precondition: `matrix` has all numbers of the layout.
    func withKernelMatrix<Result>(
        _ matrix: RawSpan,
        _ body: (UnsafePointer<kernel_symmetric>) -> Result
    ) -> Result {
        precondition(
            matrix.byteCount >= self.byteCount,
            "\(matrix.byteCount) bytes are no matrix of \(self.rowCount) rows"
        )
        // SAFETY: All numbers that the kernels read of a matrix are among the layout's bytes.
        return unsafe matrix.withUnsafeBytes { bytes in
            var description = unsafe kernel_symmetric(
                numbers: bytes.baseAddress,
                element: self.elementType.kernelElement,
                n: self.rowCount,
                stride: self.stride ?? 0,
                is_whole: self.isWhole,
                scale: self.scale
            )
            return unsafe withUnsafePointer(to: &description, body)
        }
    }
}
