/// All eigenpairs of a symmetric matrix by Jacobi's rotations: slow, and nothing of it is shared with what is tested.
///
/// - Returns: The eigenvalues, largest first, and their eigenvectors.
func jacobiEigenpairs(_ matrix: [Double], count n: Int) -> (values: [Double], vectors: [[Double]]) {
    var a = matrix
    var v = (0..<n * n).map { $0 / n == $0 % n ? 1.0 : 0 }
    for _ in 0..<60 {
        var off = 0.0
        for p in 0..<n {
            for q in p + 1..<n {
                off += a[p * n + q] * a[p * n + q]
            }
        }
        guard off > 1e-30 * a.reduce(0, { $0 + $1 * $1 }) else { break }
        for p in 0..<n {
            for q in p + 1..<n where a[p * n + q] != 0 {
                let theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q])
                let t = (theta < 0 ? -1 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
                let c = 1 / (t * t + 1).squareRoot()
                let s = t * c
                for k in 0..<n {
                    (a[k * n + p], a[k * n + q]) = (
                        c * a[k * n + p] - s * a[k * n + q], s * a[k * n + p] + c * a[k * n + q]
                    )
                }
                for k in 0..<n {
                    (a[p * n + k], a[q * n + k]) = (
                        c * a[p * n + k] - s * a[q * n + k], s * a[p * n + k] + c * a[q * n + k]
                    )
                    (v[k * n + p], v[k * n + q]) = (
                        c * v[k * n + p] - s * v[k * n + q], s * v[k * n + p] + c * v[k * n + q]
                    )
                }
            }
        }
    }
    let order = (0..<n).sorted { a[$0 * n + $0] > a[$1 * n + $1] }
    return (order.map { a[$0 * n + $0] }, order.map { column in (0..<n).map { v[$0 * n + column] } })
}

/// A matrix without its row means and column means.
func doublyCentered(_ matrix: [Double], count n: Int) -> [Double] {
    let rows = (0..<n).map { row in (0..<n).reduce(0) { $0 + matrix[row * n + $1] } / Double(n) }
    let columns = (0..<n).map { column in (0..<n).reduce(0) { $0 + matrix[$1 * n + column] } / Double(n) }
    let mean = rows.reduce(0, +) / Double(n)
    return (0..<n * n).map { matrix[$0] - rows[$0 / n] - columns[$0 % n] + mean }
}

/// The first component of a layer, straight from its definition.
struct ExpectedComponent {
    let eigenvalue: Double
    let gap: Double
    let trace: Double
    let vector: [Double]

    /// The doubly centred matrix without the component.
    let rest: [Double]

    /// ‖rest‖ ÷ ‖*H K H*‖.
    let restShare: Double

    init(gram: [Double], count n: Int) {
        let centered = doublyCentered(gram, count: n)
        let (values, vectors) = jacobiEigenpairs(centered, count: n)
        let vector = vectors[0]
        self.eigenvalue = values[0]
        self.gap = (values[0] - values[1]) / values[0]
        self.trace = values.reduce(0, +)
        self.vector = vector
        let rest = (0..<n * n).map { centered[$0] - values[0] * vector[$0 / n] * vector[$0 % n] }
        self.rest = rest
        self.restShare = (rest.reduce(0) { $0 + $1 * $1 } / centered.reduce(0) { $0 + $1 * $1 }).squareRoot()
    }

    /// ⟨u, v⟩².
    func alignment(with other: [Double]) -> Double {
        let cosine = zip(self.vector, other).reduce(0) { $0 + $1.0 * $1.1 }
        return cosine * cosine
    }
}
