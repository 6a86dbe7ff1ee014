internal import COpenBLAS

/// The matrix product that benchmarks compare with: what one core can do at best.
///
/// A plain `cblas_sgemm` on one thread, without anything of ours around it.
struct ReferenceProduct {
    /// The rows of either matrix.
    static let side = 256

    /// The length of a row of either matrix.
    static let depth = 4096

    /// The floating-point operations of one product: a multiplication and an addition for each entry and step.
    static let operationCount = 2 * Double(side * side * depth)

    /// Keeps the library from starting threads of its own; only the first look at it does anything.
    private static let oneThread: Void = openblas_set_num_threads(1)

    private let left: [Float]
    private let right: [Float]
    private var result: [Float]

    /// Fills two matrices.
    init() {
        let count = Self.side * Self.depth
        self.left = (0..<count).map { Float($0 % 7) - 3 }
        self.right = (0..<count).map { Float($0 % 5) - 2 }
        self.result = Array(repeating: 0, count: Self.side * Self.side)
    }

    /// Computes the products of every row of the one with every row of the other.
    mutating func multiply() {
        _ = Self.oneThread
        let (left, right) = (self.left, self.right)
        var result = self.result.mutableSpan
        Self.multiply(left.span, right.span, into: &result)
    }

    private static func multiply(_ left: Span<Float>, _ right: Span<Float>, into result: inout MutableSpan<Float>) {
        // SAFETY: The matrices have `side` rows of `depth` numbers each, and the result `side` rows of `side`.
        unsafe left.withUnsafeBufferPointer { left in
            unsafe right.withUnsafeBufferPointer { right in
                unsafe result.withUnsafeMutableBufferPointer { result in
                    unsafe cblas_sgemm(
                        CblasRowMajor,
                        CblasNoTrans,
                        CblasTrans,
                        blasint(Self.side),
                        blasint(Self.side),
                        blasint(Self.depth),
                        1,
                        left.baseAddress,
                        blasint(Self.depth),
                        right.baseAddress,
                        blasint(Self.depth),
                        0,
                        result.baseAddress,
                        blasint(Self.side)
                    )
                }
            }
        }
    }
}
