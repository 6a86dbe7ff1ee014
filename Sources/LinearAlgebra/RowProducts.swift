/// Scratch memory for the inner products between all pairs of long rows.
///
/// Rows are taken in blocks and columns in panels, so that the memory stays bounded however many rows there are.
package struct RowProducts<Scalar: KernelScalar>: ~Copyable {
    /// The most rows that are multiplied at once.
    private static var blockHeight: Int { 1024 }

    /// The rows of a panel as they come.
    private var gathered = AlignedBuffer<Scalar>()

    /// The packed panels of two blocks of rows.
    private var upper = AlignedBuffer<Scalar>()
    private var lower = AlignedBuffer<Scalar>()

    /// The products of two panels.
    private var block = AlignedBuffer<Scalar>()

    /// Creates scratch without any memory.
    package init() {}

    /// The size of the memory held.
    package var byteCount: Int {
        self.gathered.byteCount + self.upper.byteCount + self.lower.byteCount + self.block.byteCount
    }

    /// Computes the inner products between every two rows, and between every row and itself.
    ///
    /// The products of a panel are summed in `Scalar`, those of all panels in Float64.
    ///
    /// - Parameters:
    ///   - rowCount: The number of rows, *r*.
    ///   - columnCount: The length of a row, *c*.
    ///   - copy: Copies the given columns of a row into a span of their number.
    /// - Returns: The upper triangle with the diagonal, row by row: *r*(*r* + 1) / 2 products.
    /// - Complexity: O(*r*² *c*).
    package mutating func products(
        rowCount: Int,
        columnCount: Int,
        copy: (_ row: Int, _ columns: Range<Int>, _ destination: inout MutableSpan<Scalar>) -> Void
    ) -> [Double] {
        guard rowCount > 0 else { return [] }
        var products = [Double](repeating: 0, count: rowCount * (rowCount + 1) / 2)
        let blocks = stride(from: 0, to: rowCount, by: Self.blockHeight).map { start in
            start..<min(start + Self.blockHeight, rowCount)
        }
        let width = Self.panelWidth(rowCount: rowCount, columnCount: columnCount)
        for start in stride(from: 0, to: columnCount, by: width) {
            let columns = start..<min(start + width, columnCount)
            for (index, rows) in blocks.enumerated() {
                Self.gather(rows, columns, by: &self.gathered, into: &self.upper, copy: copy)
                self.addOwnProducts(of: rows, columnCount: columns.count, rowCount: rowCount, to: &products)
                for others in blocks[(index + 1)...] {
                    Self.gather(others, columns, by: &self.gathered, into: &self.lower, copy: copy)
                    self.addProducts(
                        of: rows,
                        and: others,
                        columnCount: columns.count,
                        rowCount: rowCount,
                        to: &products
                    )
                }
            }
        }
        return products
    }

    /// Adds the products between the rows of one block.
    private mutating func addOwnProducts(
        of rows: Range<Int>,
        columnCount: Int,
        rowCount: Int,
        to products: inout [Double]
    ) {
        let height = Scalar.wholeBlocks(rows.count)
        self.upper.withNumbers(height * columnCount) { panel in
            self.block.withRoom(for: height * height) { block in
                Scalar.multiplyByOwnTranspose(
                    panel,
                    rowCount: rows.count,
                    columnCount: columnCount,
                    into: &block,
                    isAdding: false
                )
                var products = products.mutableSpan
                for row in rows {
                    let start = packedIndex(row, row, count: rowCount)
                    let local = row - rows.lowerBound
                    products.withPart(start..<start + rows.upperBound - row) { sums in
                        let start = local * (height + 1)
                        _ = Scalar.add(block.span.extracting(start..<start + sums.count), to: &sums)
                    }
                }
            }
        }
    }

    /// Adds the products between the rows of two blocks.
    private mutating func addProducts(
        of rows: Range<Int>,
        and others: Range<Int>,
        columnCount: Int,
        rowCount: Int,
        to products: inout [Double]
    ) {
        let height = Scalar.wholeBlocks(rows.count)
        let width = Scalar.wholeBlocks(others.count)
        self.upper.withNumbers(height * columnCount) { upper in
            self.lower.withNumbers(width * columnCount) { lower in
                self.block.withRoom(for: height * width) { block in
                    Scalar.multiply(
                        upper,
                        rowCount: rows.count,
                        byTransposeOf: lower,
                        rowCount: others.count,
                        columnCount: columnCount,
                        into: &block
                    )
                    var products = products.mutableSpan
                    for row in rows {
                        let start = packedIndex(row, others.lowerBound, count: rowCount)
                        let local = (row - rows.lowerBound) * width
                        products.withPart(start..<start + others.count) { sums in
                            _ = Scalar.add(block.span.extracting(local..<local + others.count), to: &sums)
                        }
                    }
                }
            }
        }
    }

    /// Packs the given part of the matrix.
    private static func gather(
        _ rows: Range<Int>,
        _ columns: Range<Int>,
        by gathered: inout AlignedBuffer<Scalar>,
        into packed: inout AlignedBuffer<Scalar>,
        copy: (_ row: Int, _ columns: Range<Int>, _ destination: inout MutableSpan<Scalar>) -> Void
    ) {
        gathered.withRoom(for: rows.count * columns.count) { matrix in
            for (local, row) in rows.enumerated() {
                matrix.withPart(local * columns.count..<(local + 1) * columns.count) { destination in
                    copy(row, columns, &destination)
                }
            }
            packed.withRoom(for: Scalar.wholeBlocks(rows.count) * columns.count) { packed in
                Scalar.pack(matrix.span, rowCount: rows.count, columnCount: columns.count, into: &packed)
            }
        }
    }

    /// The number of columns that are multiplied together.
    ///
    /// Wide enough that adding the products up costs little next to computing them, else about half a mebibyte.
    private static func panelWidth(rowCount: Int, columnCount: Int) -> Int {
        min(columnCount, min(max(512, (1 << 17) / rowCount), 8192))
    }
}
