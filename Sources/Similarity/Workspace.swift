internal import LinearAlgebra

/// Scratch memory for one thread's work, reused from layer to layer and from batch to batch.
///
/// It grows to what the largest batch so far needed. Nothing of a batch stays in it that a result depends on.
public struct Workspace: ~Copyable {
    var singleGram = GramMatrix<Float>()
    var doubleGram = GramMatrix<Double>()
    var singleProducts = RowProducts<Float>()
    var doubleProducts = RowProducts<Double>()
    var lanczos = LanczosProcess()

    /// Creates a workspace without any memory.
    public init() {}

    /// The inner products between every two of some rows: in Float32, or in Float64 when any row is.
    mutating func products(of rows: [StoredNumbers], columnCount: Int) -> [Double] {
        if rows.contains(where: \.isDouble) {
            self.doubleProducts.products(of: rows, columnCount: columnCount)
        } else {
            self.singleProducts.products(of: rows, columnCount: columnCount)
        }
    }

    /// The size of the memory that the workspace holds.
    public var byteCount: Int {
        self.singleGram.byteCount + self.doubleGram.byteCount + self.singleProducts.byteCount
            + self.doubleProducts.byteCount + self.lanczos.byteCount
    }
}
