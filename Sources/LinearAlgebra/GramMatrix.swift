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

    /// The mean of each feature of the panel.
    var means = AlignedBuffer<Scalar>()

    /// Creates a matrix of no examples.
    package init() {}

    /// The size of the memory that the matrix holds.
    package var byteCount: Int {
        self.entries.byteCount + self.panel.byteCount + self.means.byteCount
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

    /// The sums of every row without its diagonal entry, and the sum of all the squares off the diagonal.
    ///
    /// - Complexity: O(*n*²).
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    package func offDiagonalSums() -> (rows: [Double], squares: Double) {
        self.withEntries { entries in
            Scalar.offDiagonalSums(of: entries, rowCount: self.exampleCount, stride: self.stride)
        }
    }

    /// The sum of (kᵢⱼ − oᵢ − oⱼ)² over all i ≠ j.
    ///
    /// - Parameter offsets: One number for each example.
    /// - Returns: The sum over both triangles.
    /// - Complexity: O(*n*²).
    /// - Precondition: There are as many offsets as examples.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    package func offDiagonalSquares(subtracting offsets: [Double]) -> Double {
        precondition(offsets.count == self.exampleCount)
        return self.withEntries { entries in
            Scalar.offDiagonalSquares(of: entries, stride: self.stride, subtracting: offsets.span)
        }
    }

    /// (kᵢⱼ − oᵢ − oⱼ) · scale for the entries right of the diagonal, row by row.
    ///
    /// - Parameters:
    ///   - offsets: One number for each example.
    ///   - scale: A factor.
    /// - Returns: *n*(*n* − 1) / 2 numbers.
    /// - Precondition: There are as many offsets as examples.
    /// - Complexity: O(*n*²).
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    package func centeredTriangle(subtracting offsets: [Double], scale: Double) -> FixedNumbers<Scalar> {
        precondition(offsets.count == self.exampleCount)
        return self.withEntries { entries in
            Scalar.centeredTriangle(
                of: entries,
                stride: self.stride,
                subtracting: offsets.span,
                scale: scale
            )
        }
    }

    /// Computes the same, folds it in this matrix's memory, and calls a closure with both.
    ///
    /// Afterwards there is no Gram matrix until the next one is filled in.
    ///
    /// - Parameters:
    ///   - offsets: One number for each example.
    ///   - scale: A factor.
    ///   - diagonal: The diagonal of the folded matrix, which is not multiplied.
    ///   - body: Gets the numbers of ``centeredTriangle(subtracting:scale:)``, and the matrix that they are the triangle of.
    /// - Returns: What the closure returns.
    /// - Precondition: There are as many offsets, and numbers of the diagonal, as examples.
    /// - Complexity: O(*n*²) and what the closure takes.
    package mutating func withFoldedTriangle<Result>(
        subtracting offsets: [Double],
        scale: Double,
        diagonal: [Double],
        _ body: (_ triangle: FixedNumbers<Scalar>, _ matrix: borrowing FoldedTriangle<Scalar>) -> Result
    ) -> Result {
        precondition(offsets.count == self.exampleCount)
        let stride = self.stride
        let triangle = self.entries.withRoom(for: stride * stride) { entries in
            Scalar.foldCenteredTriangle(
                of: &entries,
                stride: stride,
                subtracting: offsets.span,
                scale: scale,
                diagonal: diagonal.span
            )
        }
        var panels = AlignedBuffer<Scalar>()
        swap(&panels, &self.entries)
        let matrix = FoldedTriangle(rowCount: self.exampleCount, panels: panels)
        let result = body(triangle, matrix)
        self.entries = matrix.takePanels()
        self.exampleCount = 0
        return result
    }

    /// Calls a closure with all entries.
    private func withEntries<Result>(_ body: (Span<Scalar>) -> Result) -> Result {
        self.entries.withNumbers(self.stride * self.stride, body)
    }
}
