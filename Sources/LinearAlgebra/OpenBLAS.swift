internal import COpenBLAS

/// The library behind the matrix products.
enum OpenBLAS {
    /// Keeps the library from starting threads of its own: every worker of the daemon multiplies on its own thread.
    ///
    /// Called before each product; only the first call does anything.
    static func useOneThread() {
        _ = self.oneThread
    }

    private static let oneThread: Void = openblas_set_num_threads(1)
}
