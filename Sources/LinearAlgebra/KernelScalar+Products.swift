internal import CKernels

// Products of rows that are packed into blocks, as many side by side as fill a cache line:
//
//     packed[block][column][lane] = matrix[block · blockHeight + lane][column]
//
// One packed matrix serves as both sides of a symmetric product. Panels are packed one after another, and each product
// asks for the next one's numbers.
extension KernelScalar {
    /// The number of rows of a block: 16 of Float, 8 of Double.
    static var blockHeight: Int { 64 / MemoryLayout<Self>.stride }

    /// The number of columns that are packed and multiplied together.
    ///
    /// Three blocks of them, 24 KiB, stay in the first-level cache; adding a panel's products to the result costs
    /// little next to computing them; and no register sums so many that a digit is lost.
    static var panelWidth: Int { 128 }

    /// A number of rows, rounded up to whole blocks.
    static func wholeBlocks(_ rowCount: Int) -> Int {
        (rowCount + self.blockHeight - 1) / self.blockHeight * self.blockHeight
    }

    /// Packs neighbouring columns of activations, widened, multiplied by `scale` and less each column's mean.
    ///
    /// - Parameters:
    ///   - columns: Which features.
    ///   - activations: The bytes of all features, with any alignment.
    ///   - shape: What the bytes are.
    ///   - scale: A power of two.
    ///   - packed: Room for `columns.count` numbers of each of the examples, in whole blocks.
    ///   - means: Scratch for as many numbers as there are columns.
    /// - Returns: What was found out on the way.
    static func packCentered(
        columns: Range<Int>,
        of activations: RawSpan,
        shape: ActivationShape,
        scale: Double,
        into packed: inout MutableSpan<Self>,
        means: inout MutableSpan<Self>
    ) -> FeatureSummary {
        precondition(activations.byteCount == shape.byteCount && columns.upperBound <= shape.featureCount)
        precondition(packed.count >= self.wholeBlocks(shape.exampleCount) * columns.count)
        precondition(means.count >= columns.count)
        // SAFETY: The kernel reads `columns` of every row, and writes as many numbers of every packed row, in whole
        // blocks, and of the means; all of them were checked to exist.
        let summary = unsafe activations.withUnsafeBytes { bytes in
            unsafe packed.withUnsafeMutableBufferPointer { packed in
                unsafe means.withUnsafeMutableBufferPointer { means in
                    unsafe kernel_pack_centered(
                        self.elementType.kernelElement,
                        bytes.baseAddress?.advanced(by: columns.lowerBound * shape.elementType.byteCount),
                        shape.rowByteCount,
                        shape.elementType.kernelElement,
                        shape.exampleCount,
                        columns.count,
                        scale,
                        packed.baseAddress,
                        means.baseAddress
                    )
                }
            }
        }
        return FeatureSummary(squaredMeans: summary.squared_means, varies: summary.varies)
    }

    /// Computes the products of every two packed rows, the upper triangle of a square; with `isAdding` adds them to
    /// what it holds.
    ///
    /// - Parameters:
    ///   - packed: The rows.
    ///   - rowCount: How many.
    ///   - columnCount: Their length.
    ///   - result: Room for a square of whole blocks. What lies below the diagonal means nothing afterwards.
    ///   - isAdding: Whether the products are added.
    ///   - upcoming: What is packed next.
    /// - Complexity: O(rowCount² columnCount).
    static func multiplyByOwnTranspose(
        _ packed: Span<Self>,
        rowCount: Int,
        columnCount: Int,
        into result: inout MutableSpan<Self>,
        isAdding: Bool,
        upcoming: UpcomingNumbers
    ) {
        var noCopy = MutableSpan<UInt8>()
        // SAFETY: Nothing is copied.
        unsafe self.multiplyByOwnTranspose(
            packed,
            rowCount: rowCount,
            columnCount: columnCount,
            into: &result,
            isAdding: isAdding,
            copying: upcoming,
            to: &noCopy
        )
    }

    /// Computes the products of every two packed rows, and copies what is packed next, one row after the other.
    ///
    /// - Parameters:
    ///   - packed: The rows.
    ///   - rowCount: How many.
    ///   - columnCount: Their length.
    ///   - result: Room for a square of whole blocks. What lies below the diagonal means nothing afterwards.
    ///   - isAdding: Whether the products are added.
    ///   - upcoming: What is packed next. Where it is copied, it is there until the call returns, and of each row as many
    ///     bytes as fill whole cache lines.
    ///   - copy: Room for it; empty where it is only asked for.
    /// - Complexity: O(rowCount² columnCount).
    @unsafe static func multiplyByOwnTranspose(
        _ packed: Span<Self>,
        rowCount: Int,
        columnCount: Int,
        into result: inout MutableSpan<Self>,
        isAdding: Bool,
        copying upcoming: UpcomingNumbers,
        to copy: inout MutableSpan<UInt8>
    ) {
        let height = self.wholeBlocks(rowCount)
        precondition(packed.count >= height * columnCount && result.count >= height * height)
        // SAFETY: The kernel reads whole blocks of packed rows, and writes into a square of as many; all were checked
        // to exist. The caller answers for what is copied.
        unsafe packed.withUnsafeBufferPointer { packed in
            unsafe result.withUnsafeMutableBufferPointer { result in
                unsafe upcoming.withKernelUpcoming(copyingTo: &copy) { upcoming in
                    unsafe kernel_multiply_blocks(
                        self.elementType.kernelElement,
                        packed.baseAddress,
                        rowCount,
                        packed.baseAddress,
                        rowCount,
                        columnCount,
                        true,
                        result.baseAddress,
                        height,
                        isAdding,
                        upcoming
                    )
                }
            }
        }
    }

    /// Computes the products of every packed row of one matrix with every one of another; with `isAdding` adds them to
    /// the result.
    ///
    /// - Parameters:
    ///   - left: The rows of one.
    ///   - rowCount: How many.
    ///   - right: The rows of the other.
    ///   - rightRowCount: How many.
    ///   - columnCount: The length of all rows.
    ///   - result: Room for whole blocks of either, row by row of the one.
    ///   - isAdding: Whether the products are added.
    ///   - upcoming: What is packed next.
    /// - Complexity: O(rowCount · rightRowCount · columnCount).
    static func multiply(
        _ left: Span<Self>,
        rowCount: Int,
        byTransposeOf right: Span<Self>,
        rowCount rightRowCount: Int,
        columnCount: Int,
        into result: inout MutableSpan<Self>,
        isAdding: Bool,
        upcoming: UpcomingNumbers
    ) {
        let height = self.wholeBlocks(rowCount)
        let width = self.wholeBlocks(rightRowCount)
        precondition(left.count >= height * columnCount && right.count >= width * columnCount)
        precondition(result.count >= height * width)
        var noCopy = MutableSpan<UInt8>()
        // SAFETY: The kernel reads whole blocks of packed rows of both, and writes a matrix of as many rows and
        // columns; all were checked to exist. Nothing is copied.
        unsafe left.withUnsafeBufferPointer { left in
            unsafe right.withUnsafeBufferPointer { right in
                unsafe result.withUnsafeMutableBufferPointer { result in
                    unsafe upcoming.withKernelUpcoming(copyingTo: &noCopy) { upcoming in
                        unsafe kernel_multiply_blocks(
                            self.elementType.kernelElement,
                            left.baseAddress,
                            rowCount,
                            right.baseAddress,
                            rightRowCount,
                            columnCount,
                            false,
                            result.baseAddress,
                            width,
                            isAdding,
                            upcoming
                        )
                    }
                }
            }
        }
    }
}
