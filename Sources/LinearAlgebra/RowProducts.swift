/// Scratch memory for the inner products between all pairs of long rows.
///
/// Rows are taken in blocks and columns in panels, so that the memory stays bounded however many rows there are.
package struct RowProducts<Scalar: KernelScalar>: ~Copyable {
    /// The most rows that are multiplied at once.
    private static var blockHeight: Int { 1024 }

    /// A block of a panel's rows, where they are of the other precision.
    private var converted = AlignedBuffer<Scalar>()

    /// The packed panels of two blocks of rows.
    private var upper = AlignedBuffer<Scalar>()
    private var lower = AlignedBuffer<Scalar>()

    /// The products of two blocks of rows.
    private var block = AlignedBuffer<Scalar>()

    /// Creates scratch without any memory.
    package init() {}

    /// The size of the memory held.
    package var byteCount: Int {
        self.converted.byteCount + self.upper.byteCount + self.lower.byteCount + self.block.byteCount
    }

    /// Adds the inner products between every two rows, and between every row and itself, to others.
    ///
    /// The products of a panel are summed in one register each, those of some panels in `Scalar`, all in Float64: a long
    /// sum in Float32 alone would lose a digit.
    ///
    /// - Parameters:
    ///   - rows: The *r* rows.
    ///   - columns: The *c* numbers of each row that count.
    ///   - end: Up to where columns may be multiplied next.
    ///   - products: The upper triangle with the diagonal, row by row.
    /// - Precondition: Every row has all columns up to `end`, and there are *r*(*r* + 1) / 2 products.
    /// - Complexity: O(*r*² *c*).
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    package mutating func add(
        rows: [StoredNumbers],
        columns: Range<Int>,
        before end: Int,
        to products: inout [Double]
    ) {
        let rowCount = rows.count
        precondition(products.count == rowCount * (rowCount + 1) / 2)
        let rows = StoredRows<Scalar>(rows, length: end)
        let blocks = (0..<rowCount).parts(of: Self.blockHeight)
        for stripe in columns.parts(of: Self.stripeWidth(rowCount: rowCount)) {
            // A stripe of all rows is followed by the next one.
            let next = blocks.count == 1 ? end : stripe.upperBound
            for (index, block) in blocks.enumerated() {
                for other in blocks[index...] {
                    self.multiply(block, other, of: rows, columns: stripe, endingAt: next)
                    self.add(block, other, to: &products, rowCount: rowCount)
                }
            }
        }
    }

    /// Computes the products between the rows of two blocks, or of one, over the given columns; up to `end`, further
    /// ones are multiplied next.
    private mutating func multiply(
        _ block: Range<Int>,
        _ other: Range<Int>,
        of rows: StoredRows<Scalar>,
        columns: Range<Int>,
        endingAt end: Int
    ) {
        let height = Scalar.wholeBlocks(block.count)
        let width = Scalar.wholeBlocks(other.count)
        var upcoming = rows.upcoming(block, other)
        self.block.withRoom(for: height * width) { products in
            for panel in columns.parts(of: Scalar.panelWidth) {
                let isAdding = panel.lowerBound > columns.lowerBound
                upcoming.columns = panel.upperBound..<min(panel.upperBound + Scalar.panelWidth, end)
                rows.pack(columns: panel, of: block, converting: &self.converted, into: &self.upper)
                if block == other {
                    self.upper.withNumbers(height * panel.count) { upper in
                        Scalar.multiplyByOwnTranspose(
                            upper,
                            rowCount: block.count,
                            columnCount: panel.count,
                            into: &products,
                            isAdding: isAdding,
                            upcoming: upcoming
                        )
                    }
                } else {
                    rows.pack(columns: panel, of: other, converting: &self.converted, into: &self.lower)
                    self.upper.withNumbers(height * panel.count) { upper in
                        self.lower.withNumbers(width * panel.count) { lower in
                            Scalar.multiply(
                                upper,
                                rowCount: block.count,
                                byTransposeOf: lower,
                                rowCount: other.count,
                                columnCount: panel.count,
                                into: &products,
                                isAdding: isAdding,
                                upcoming: upcoming
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
