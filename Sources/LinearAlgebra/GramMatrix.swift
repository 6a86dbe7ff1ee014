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

    /// The first example's features in the panel, and the means of the differences from them.
    var origin = AlignedBuffer<Scalar>()
    var means = AlignedBuffer<Scalar>()

    /// Creates a matrix of no examples.
    package init() {}

    /// The size of the memory that the matrix holds.
    package var byteCount: Int {
        self.entries.byteCount + self.panel.byteCount + self.origin.byteCount + self.means.byteCount
    }

    /// The distance of the square's rows.
    var stride: Int { Scalar.wholeBlocks(self.exampleCount) }

    /// The entries on the diagonal: the examples' squared lengths.
    package var diagonal: [Scalar] {
        self.withEntries { entries in
            (0..<self.exampleCount).map { entries[$0 * (self.stride + 1)] }
        }
    }

    /// Whether no entry has over- or underflowed and squares of the entries will not either.
    package var isInSafeRange: Bool {
        let diagonal = self.diagonal
        return diagonal.allSatisfy { Double($0) <= Scalar.safeDiagonal.upperBound }
            && diagonal.contains { Double($0) >= Scalar.safeDiagonal.lowerBound }
    }

    /// The sums of every row without its diagonal entry, and the sum of all the squares off the diagonal.
    ///
    /// - Complexity: O(*n*²).
    package func offDiagonalSums() -> (rows: [Double], squares: Double) {
        let n = self.exampleCount
        var rows = [Double](repeating: 0, count: n)
        var squares = 0.0
        self.withEntries { entries in
            var rows = rows.mutableSpan
            for i in 0..<n {
                // The part right of the diagonal belongs to row i and, mirrored, to the rows j > i.
                let sums = rows.withPart(i + 1..<n) { Scalar.add(entries.extracting(self.rowRange(i)), to: &$0) }
                rows[i] += sums.sum
                squares += 2 * sums.squares
            }
        }
        return (rows, squares)
    }

    /// The sum of (kᵢⱼ − oᵢ − oⱼ)² over all i ≠ j.
    ///
    /// - Parameter offsets: One number for each example.
    /// - Returns: The sum over both triangles.
    /// - Complexity: O(*n*²).
    package func offDiagonalSquares(subtracting offsets: [Double]) -> Double {
        var squares = 0.0
        self.withEntries { entries in
            let offsets = offsets.span
            for i in 0..<self.exampleCount {
                squares += Scalar.squares(
                    of: entries.extracting(self.rowRange(i)),
                    subtracting: offsets[i],
                    offsets.extracting((i + 1)...)
                )
            }
        }
        return 2 * squares
    }

    /// Replaces every kᵢⱼ right of the diagonal by (kᵢⱼ − oᵢ − oⱼ) · scale.
    ///
    /// - Parameters:
    ///   - offsets: One number for each example.
    ///   - scale: A factor.
    /// - Complexity: O(*n*²).
    package mutating func subtract(_ offsets: [Double], scale: Double) {
        let n = self.exampleCount
        let stride = self.stride
        let offsets = offsets.span
        self.entries.withRoom(for: stride * stride) { entries in
            for i in 0..<n {
                entries.withPart(i * stride + i + 1..<i * stride + n) { row in
                    Scalar.subtract(offsets[i], offsets.extracting((i + 1)...), from: &row, scale: scale)
                }
            }
        }
    }

    /// The entries right of the diagonal, row by row.
    ///
    /// - Complexity: O(*n*²).
    package func strictUpperTriangle<Stored: KernelScalar>(as stored: Stored.Type) -> [Stored] {
        let n = self.exampleCount
        var triangle = [Stored](repeating: 0, count: n * (n - 1) / 2)
        self.withEntries { entries in
            var triangle = triangle.mutableSpan
            var start = 0
            for i in 0..<n {
                // SAFETY: Every byte of a Float or Double is initialized.
                let row = unsafe entries.extracting(self.rowRange(i)).bytes
                triangle.withPart(start..<start + n - i - 1) { part in
                    Stored.convert(row, Scalar.elementType, scale: 1, to: &part)
                }
                start += n - i - 1
            }
        }
        return triangle
    }

    /// Where the entries right of the diagonal of a row are.
    private func rowRange(_ row: Int) -> Range<Int> {
        row * self.stride + row + 1..<row * self.stride + self.exampleCount
    }

    /// Calls a closure with all entries.
    private func withEntries<Result>(_ body: (Span<Scalar>) -> Result) -> Result {
        self.entries.withNumbers(self.stride * self.stride, body)
    }
}
