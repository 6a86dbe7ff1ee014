/// Scratch memory for the inner products between all pairs of long rows.
///
/// Rows are taken in blocks and columns in panels, so that the memory stays bounded however many rows there are.
package struct RowProducts<Scalar: KernelScalar>: ~Copyable {
    /// The most rows that are multiplied at once.
    private static var blockHeight: Int { 1024 }

    /// Some rows of a panel as they come.
    private var gathered = AlignedBuffer<Scalar>()

    /// The packed panels of two blocks of rows.
    private var upper = AlignedBuffer<Scalar>()
    private var lower = AlignedBuffer<Scalar>()

    /// The products of two blocks of rows.
    private var block = AlignedBuffer<Scalar>()

    /// Creates scratch without any memory.
    package init() {}

    /// The size of the memory held.
    package var byteCount: Int {
        self.gathered.byteCount + self.upper.byteCount + self.lower.byteCount + self.block.byteCount
    }

    /// Computes the inner products between every two rows, and between every row and itself.
    ///
    /// The products of a panel are summed in one register each, those of some panels in `Scalar`, all in Float64: a long
    /// sum in Float32 alone would lose a digit.
    ///
    /// - Parameters:
    ///   - rowCount: The number of rows, *r*.
    ///   - columnCount: The length of a row, *c*.
    ///   - copy: Copies the given columns of a row into a span of their number.
    /// - Returns: The upper triangle with the diagonal, row by row: *r*(*r* + 1) / 2 products.
    /// - Complexity: O(*r*² *c*).
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    package mutating func products(
        rowCount: Int,
        columnCount: Int,
        copy: (_ row: Int, _ columns: Range<Int>, _ destination: inout MutableSpan<Scalar>) -> Void
    ) -> [Double] {
        guard rowCount > 0 else { return [] }
        var products = [Double](repeating: 0, count: rowCount * (rowCount + 1) / 2)
        let blocks = (0..<rowCount).parts(of: Self.blockHeight)
        for stripe in (0..<columnCount).parts(of: Self.stripeWidth(rowCount: rowCount)) {
            for (index, rows) in blocks.enumerated() {
                for others in blocks[index...] {
                    self.multiply(rows, others, columns: stripe, copy: copy)
                    self.add(rows, others, to: &products, rowCount: rowCount)
                }
            }
        }
        return products
    }

    /// Computes the products between the rows of two blocks, or of one, over the given columns.
    private mutating func multiply(
        _ rows: Range<Int>,
        _ others: Range<Int>,
        columns: Range<Int>,
        copy: (_ row: Int, _ columns: Range<Int>, _ destination: inout MutableSpan<Scalar>) -> Void
    ) {
        let height = Scalar.wholeBlocks(rows.count)
        let width = Scalar.wholeBlocks(others.count)
        let panelWidth = Self.panelWidth(rowCount: max(height, width))
        self.block.withRoom(for: height * width) { block in
            for panel in columns.parts(of: panelWidth) {
                let isAdding = panel.lowerBound > columns.lowerBound
                Self.pack(rows, panel, by: &self.gathered, into: &self.upper, copy: copy)
                if rows == others {
                    self.upper.withNumbers(height * panel.count) { upper in
                        Scalar.multiplyByOwnTranspose(
                            upper,
                            rowCount: rows.count,
                            columnCount: panel.count,
                            into: &block,
                            isAdding: isAdding
                        )
                    }
                } else {
                    Self.pack(others, panel, by: &self.gathered, into: &self.lower, copy: copy)
                    self.upper.withNumbers(height * panel.count) { upper in
                        self.lower.withNumbers(width * panel.count) { lower in
                            Scalar.multiply(
                                upper,
                                rowCount: rows.count,
                                byTransposeOf: lower,
                                rowCount: others.count,
                                columnCount: panel.count,
                                into: &block,
                                isAdding: isAdding
                            )
                        }
                    }
                }
            }
        }
    }

    /// Adds the products between two blocks of rows to those of all rows.
    private func add(_ rows: Range<Int>, _ others: Range<Int>, to products: inout [Double], rowCount: Int) {
        let stride = Scalar.wholeBlocks(others.count)
        self.block.withNumbers(Scalar.wholeBlocks(rows.count) * stride) { block in
            var products = products.mutableSpan
            Scalar.add(block, rows: rows, columns: others, stride: stride, to: &products, count: rowCount)
        }
    }

    /// Packs the given part of the matrix, as many rows at a time as stand side by side.
    private static func pack(
        _ rows: Range<Int>,
        _ columns: Range<Int>,
        by gathered: inout AlignedBuffer<Scalar>,
        into packed: inout AlignedBuffer<Scalar>,
        copy: (_ row: Int, _ columns: Range<Int>, _ destination: inout MutableSpan<Scalar>) -> Void
    ) {
        let width = columns.count
        packed.withRoom(for: Scalar.wholeBlocks(rows.count) * width) { packed in
            gathered.withRoom(for: Scalar.blockHeight * width) { gathered in
                for block in rows.parts(of: Scalar.blockHeight) {
                    for row in block {
                        let start = (row - block.lowerBound) * width
                        gathered.withPart(start..<start + width) { copy(row, columns, &$0) }
                    }
                    let start = (block.lowerBound - rows.lowerBound) * width
                    packed.withPart(start..<start + Scalar.blockHeight * width) { packed in
                        Scalar.pack(gathered.span, rowCount: block.count, columnCount: width, into: &packed)
                    }
                }
            }
        }
    }

    /// The number of columns that are packed together: as many as half a mebibyte holds, which stays in the
    /// second-level cache, and not more than one register may sum.
    private static func panelWidth(rowCount: Int) -> Int {
        min(max(128, (512 << 10) / MemoryLayout<Scalar>.stride / rowCount / 16 * 16), 256)
    }

    /// The number of columns whose products are summed in `Scalar`: the more rows, the more of them, since every product
    /// of a stripe is added once in Float64.
    private static func stripeWidth(rowCount: Int) -> Int {
        min(max(512, 4 * rowCount / 256 * 256), 4096)
    }
}

extension Range<Int> {
    /// The range in parts of a length, of which the last may be shorter.
    fileprivate func parts(of length: Int) -> [Range<Int>] {
        stride(from: self.lowerBound, to: self.upperBound, by: length).map { start in
            start..<Swift.min(start + length, self.upperBound)
        }
    }
}
