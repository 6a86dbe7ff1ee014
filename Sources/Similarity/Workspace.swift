internal import LinearAlgebra

/// Scratch memory for one thread's work, reused from layer to layer and from batch to batch.
///
/// It grows to what the largest batch so far needed. Nothing of a batch stays in it that a result depends on.
public struct Workspace: ~Copyable {
    var singleGram = GramMatrix<Float>()
    var doubleGram = GramMatrix<Double>()
    var singleProducts = RowProducts<Float>()
    var doubleProducts = RowProducts<Double>()
    var singleFinder = FirstComponentFinder<Float>()
    var doubleFinder = FirstComponentFinder<Double>()

    /// Creates a workspace without any memory.
    public init() {}

    /// The inner products between the given columns of every two rows.
    mutating func products(of rows: [StoredNumbers], columns: Range<Int>) -> [Double] {
        var products = [Double](repeating: 0, count: rows.count * (rows.count + 1) / 2)
        self.addProducts(of: rows, columns: columns, before: columns.upperBound, to: &products)
        return products
    }

    /// Adds these products to others: in Float32, or in Float64 when any row is.
    ///
    /// - Parameters:
    ///   - rows: The rows.
    ///   - columns: The columns.
    ///   - end: Up to where columns may be multiplied next.
    ///   - products: The others: the upper triangle with the diagonal, row by row.
    mutating func addProducts(
        of rows: [StoredNumbers],
        columns: Range<Int>,
        before end: Int,
        to products: inout [Double]
    ) {
        if rows.contains(where: \.isDouble) {
            self.doubleProducts.add(rows: rows, columns: columns, before: end, to: &products)
        } else {
            self.singleProducts.add(rows: rows, columns: columns, before: end, to: &products)
        }
    }

    /// The size of the memory that the workspace holds.
    public var byteCount: Int {
        self.singleGram.byteCount + self.doubleGram.byteCount + self.singleProducts.byteCount
            + self.doubleProducts.byteCount + self.singleFinder.byteCount + self.doubleFinder.byteCount
    }
}
