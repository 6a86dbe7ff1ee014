/// Orthonormal vectors that a matrix makes out of the first one, in memory that serves one basis after the other.
///
/// They are orthogonal to (1, …, 1) too. The precision `Real` is that of the vectors; the matrix may be in a lower one.
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
        self.append([Double](repeating: 1, count: first.count))
        for vector in excluded {
            self.append(vector)
        }
        self.append(first)
    }

    /// Appends the vector that the matrix makes of the last one.
    ///
    /// - Returns: The product's component along the last vector, and how much of it is in no direction so far. Where
    ///   that is nothing, there are no more vectors.
    /// - Complexity: O(*n*(*n* + `count`)).
    mutating func extend<Scalar: KernelScalar>(
        by matrix: borrowing FoldedTriangle<Scalar>
    ) -> (alpha: Double, beta: Double) {
        precondition(self.rowCount < self.capacity, "There was to be room for \(self.capacity) rows")
        let count = self.rowCount
        self.rowCount += 1
        return self.rows.withRoom(for: self.capacity * self.stride) { rows in
            matrix.extend(&rows, count: count)
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
            var sum = sum.mutableSpan
            for (place, weight) in weights.enumerated() {
                let start = (self.excludedCount + place) * self.stride
                for index in sum.indices {
                    sum[index] += weight * Double(rows[start + index])
                }
            }
        }
        let mean = sum.reduce(0, +) / Double(self.length)
        let norm = sum.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }.squareRoot()
        return sum.map { ($0 - mean) / norm }
    }

    /// Appends what is left of a vector without its components along the others, at unit length.
    private mutating func append(_ vector: [Double]) {
        let (start, count) = (self.rowCount * self.stride, self.rowCount)
        self.rowCount += 1
        self.rows.withRoom(for: self.capacity * self.stride) { rows in
            for index in 0..<self.stride {
                rows[start + index] = index < vector.count ? Real(vector[index]) : 0
            }
            _ = Real.orthonormalize(row: count, of: &rows, count: self.stride)
        }
    }
}
