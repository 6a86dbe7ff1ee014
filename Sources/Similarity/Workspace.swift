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

    /// The inner products between the given columns of every two rows: in Float32, or in Float64 when any row is.
    ///
    /// - Parameters:
    ///   - rows: The rows.
    ///   - columns: The columns, in parts that follow one another, beyond which nothing is summed in Float32.
    /// - Returns: The upper triangle with the diagonal, row by row.
    mutating func products(of rows: [StoredNumbers], columns: [Range<Int>]) -> [Double] {
        if rows.contains(where: \.isDouble) {
            self.doubleProducts.products(of: rows, columns: columns)
        } else {
            self.singleProducts.products(of: rows, columns: columns)
        }
    }

    /// The size of the memory that the workspace holds.
    public var byteCount: Int {
        self.singleGram.byteCount + self.doubleGram.byteCount + self.singleProducts.byteCount
            + self.doubleProducts.byteCount + self.singleFinder.byteCount + self.doubleFinder.byteCount
    }
}
