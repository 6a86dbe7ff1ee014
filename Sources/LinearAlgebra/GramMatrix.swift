/// The inner products between every two examples of a batch, in memory that serves one layer after the other.
///
/// For activations *X* with one example per row, the Gram matrix is *K* = *X Xᵀ*: symmetric, with `exampleCount` rows,
/// however many features the layer has. Only the upper triangle is stored and read.
///
/// The type is noncopyable: at 1024 examples a matrix holds 4 or 8 MiB, and an accidental copy costs more than the
/// arithmetic.
package struct GramMatrix<Scalar: KernelScalar>: ~Copyable {
    /// The number of examples, *n*.
    package internal(set) var exampleCount = 0

    /// A square of whole blocks of examples, row by row; what lies below the diagonal, or beyond the examples, means
    /// nothing.
    var entries = AlignedBuffer<Scalar>()

    /// A stripe of the activations, widened, centred and packed.
    var panel = AlignedBuffer<Scalar>()

    /// The next stripe, as it lies in the activations, but for the distance of its rows.
    var nextStripe = AlignedBuffer<UInt8>()

    /// The mean of each feature of the panel.
    var means = AlignedBuffer<Scalar>()

    /// Creates a matrix of no examples.
    package init() {}

    /// The size of the memory that the matrix holds.
    package var byteCount: Int {
        self.entries.byteCount + self.panel.byteCount + self.nextStripe.byteCount + self.means.byteCount
    }

    /// The distance of the square's rows.
    var stride: Int { Scalar.wholeBlocks(self.exampleCount) }

    /// The entries on the diagonal: the examples' squared lengths.
    package var diagonal: [Scalar] {
        @specialized(where Scalar == Float)
        @specialized(where Scalar == Double)
        get {
            let stride = self.stride
            return self.withEntries { entries in
                (0..<self.exampleCount).map { entries[$0 * (stride + 1)] }
            }
        }
    }

    /// Whether no entry has over- or underflowed and squares of the entries will not either.
    package var isInSafeRange: Bool {
        @specialized(where Scalar == Float)
        @specialized(where Scalar == Double)
        get {
            let diagonal = self.diagonal
            return diagonal.allSatisfy { Double($0) <= Scalar.safeDiagonal.upperBound }
                && diagonal.contains { Double($0) >= Scalar.safeDiagonal.lowerBound }
        }
    }

    /// Calls a closure with the matrix, and how it lies.
    package func withMatrix<Result, Failure: Error>(
        _ body: (RawSpan, SymmetricLayout) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let layout = SymmetricLayout(
            elementType: Scalar.elementType,
            rowCount: self.exampleCount,
            stride: self.stride
        )
        return try self.entries.withNumbers(self.stride * self.stride) { entries throws(Failure) in
            // SAFETY: Every byte of a Float or Double is initialized.
            try body(unsafe entries.bytes, layout)
        }
    }

    /// Calls a closure with all entries.
    private func withEntries<Result>(_ body: (Span<Scalar>) -> Result) -> Result {
        self.entries.withNumbers(self.stride * self.stride, body)
    }
}
