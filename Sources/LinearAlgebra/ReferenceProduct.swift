internal import COpenBLAS

/// The matrix product that benchmarks compare with: what one core can do at best.
///
/// A plain `cblas_sgemm` on one thread, without anything of ours around it.
package struct ReferenceProduct: ~Copyable {
    /// The rows of either matrix.
    package static var side: Int { 256 }

    /// The length of a row of either matrix.
    package static var depth: Int { 4096 }

    /// The floating-point operations of one product: a multiplication and an addition for each entry and step.
    package static var operationCount: Double { 2 * Double(self.side * self.side * self.depth) }

    private var left = AlignedBuffer<Float>()
    private var right = AlignedBuffer<Float>()
    private var result = AlignedBuffer<Float>()

    /// Fills two matrices.
    package init() {
        let count = Self.side * Self.depth
        self.left.withRoom(for: count) { numbers in
            for index in numbers.indices { numbers[index] = Float(index % 7) - 3 }
        }
        self.right.withRoom(for: count) { numbers in
            for index in numbers.indices { numbers[index] = Float(index % 5) - 2 }
        }
    }

    /// Computes the products of every row of the one with every row of the other.
    package mutating func multiply() {
        self.left.withNumbers(Self.side * Self.depth) { left in
            self.right.withNumbers(Self.side * Self.depth) { right in
                self.result.withRoom(for: Self.side * Self.side) { result in
                    Self.multiply(left, right, into: &result)
                }
            }
        }
    }

    private static func multiply(_ left: Span<Float>, _ right: Span<Float>, into result: inout MutableSpan<Float>) {
        OpenBLAS.useOneThread()
        // SAFETY: The matrices have `side` rows of `depth` numbers each, and the result `side` rows of `side`.
        unsafe left.withUnsafeBufferPointer { left in
            unsafe right.withUnsafeBufferPointer { right in
                unsafe result.withUnsafeMutableBufferPointer { result in
                    unsafe cblas_sgemm(
                        CblasRowMajor,
                        CblasNoTrans,
                        CblasTrans,
                        blasint(self.side),
                        blasint(self.side),
                        blasint(self.depth),
                        1,
                        left.baseAddress,
                        blasint(self.depth),
                        right.baseAddress,
                        blasint(self.depth),
                        0,
                        result.baseAddress,
                        blasint(self.side)
                    )
                }
            }
        }
    }
}
