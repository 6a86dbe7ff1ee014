/// Orthonormal vectors that a matrix makes out of the first one, in memory that serves one basis after the other.
///
/// They are orthogonal to (1, …, 1) too, and among each other to half of the digits, as ``OrthogonalityEstimate``
/// explains. The precision `Real` is that of the vectors; the matrix may be in a lower one.
struct KrylovBasis<Real: KernelScalar>: ~Copyable {
    /// The number of vectors.
    var count: Int { self.rowCount - self.excludedCount }

    /// The length of the vectors, *n*.
    private var length = 0

    /// The distance of the rows.
    private var stride = 0

    /// How many rows the vectors are orthogonal to, and how many rows there are with these in front.
    private var excludedCount = 0
    private var rowCount = 0

    /// Room for how many rows there is.
    private var capacity = 0

    private var rows = AlignedBuffer<Real>()

    /// The matrix in the directions of the vectors, but for the last one.
    private(set) var projection = JacobiMatrix()

    /// How long the last vector was before it got unit length: what connects it with the one before.
    private(set) var remainder = 0.0

    private var orthogonality = OrthogonalityEstimate<Real>()

    /// The size of the memory held.
    var byteCount: Int { self.rows.byteCount }

    /// Starts anew.
    ///
    /// - Parameters:
    ///   - first: Along which the first vector is to be, a number for each row of the matrix.
    ///   - excluded: What all vectors shall be orthogonal to.
    ///   - stride: How long padded vectors are.
    ///   - capacity: How many vectors there will be at most.
    mutating func start(along first: [Double], excluding excluded: [[Double]], stride: Int, capacity: Int) {
        self.length = first.count
        self.stride = stride
        self.capacity = excluded.count + 2 + capacity
        self.rowCount = 0
        self.excludedCount = excluded.count + 1
        self.projection = JacobiMatrix()
        self.remainder = 0
        self.orthogonality = OrthogonalityEstimate()
        self.append([Double](repeating: 1, count: first.count))
        for vector in excluded {
            self.append(vector)
        }
        self.append(first)
    }

    /// Appends the vector that the matrix makes of the last one, and a row to ``projection``.
    ///
    /// Where ``remainder`` is nothing, there are no more vectors.
    ///
    /// - Complexity: O(*n*(*n* + `count`)).
    mutating func extend<Scalar: KernelScalar>(by matrix: borrowing FoldedTriangle<Scalar>) {
        precondition(self.rowCount < self.capacity, "There was to be room for \(self.capacity) rows")
        let row = self.rowCount
        self.rowCount += 1
        self.rows.withRoom(for: self.capacity * self.stride) { rows in
            matrix.multiply(row: row - 1, of: &rows)
        }
        // A product with a symmetric matrix has components along the last two vectors, and rounding along the others.
        let recent = max(self.excludedCount, row - 2)
        let step = self.orthonormalize(row: row, andFrom: recent)
        self.projection.append(alpha: step.alongLast, beta: self.remainder)
        self.remainder = step.length
        if self.orthogonality.isLost(at: self.projection, remainder: self.remainder) {
            self.remainder *= self.orthonormalize(row: row, andFrom: self.excludedCount).length
        }
    }

    /// The sum of the vectors, but for those that come last, times weights, at unit length and orthogonal to (1, …, 1).
    ///
    /// - Parameter weights: A number for each vector, from the first one on.
    /// - Returns: *n* numbers.
    /// - Complexity: O(*n* `weights.count`).
    func combination(_ weights: [Double]) -> [Double] {
        var sum = [Double](repeating: 0, count: self.length)
        self.rows.withNumbers(self.capacity * self.stride) { rows in
            for (place, weight) in weights.enumerated() {
                let row = rows.extracting(droppingFirst: (self.excludedCount + place) * self.stride)
                for index in sum.indices {
                    sum[index] += weight * Double(row[index])
                }
            }
        }
        let mean = sum.reduce(0, +) / Double(self.length)
        let norm = sum.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }.squareRoot()
        return sum.map { ($0 - mean) / norm }
    }

    /// Appends what is left of a vector without its components along the others, at unit length.
    private mutating func append(_ vector: [Double]) {
        let row = self.rowCount
        let start = row * self.stride
        self.rowCount += 1
        self.rows.withRoom(for: self.capacity * self.stride) { rows in
            for index in 0..<self.stride {
                rows[start + index] = index < vector.count ? Real(vector[index]) : 0
            }
        }
        _ = self.orthonormalize(row: row, andFrom: 0)
    }

    /// Takes from a row its components along the excluded ones and those from `first` on.
    private mutating func orthonormalize(row: Int, andFrom first: Int) -> (alongLast: Double, length: Double) {
        self.rows.withRoom(for: self.capacity * self.stride) { rows in
            Real.orthonormalize(
                row: row,
                toFirst: min(self.excludedCount, first),
                andFrom: first,
                of: &rows,
                count: self.stride
            )
        }
    }
}
