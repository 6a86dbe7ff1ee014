/// Estimates how far the vectors of a Lanczos process are from orthogonal, without looking at them.
///
/// Each vector is made orthogonal to the two before it. Along the others there is rounding, which grows from step to
/// step, the faster the nearer an eigenvalue is found. It follows a recurrence as the vectors themselves do, so a handful
/// of numbers tell when it matters: above the square root of the precision. Below, the projected matrix is as exact as with
/// vectors that are orthogonal to the last digit.
///
/// Follows Simon, *The Lanczos algorithm with partial reorthogonalization*, Mathematics of Computation 42, 1984,
/// [doi:10.1090/S0025-5718-1984-0725988-X][1].
///
/// [1]: https://doi.org/10.1090/S0025-5718-1984-0725988-X
struct OrthogonalityEstimate<Real: KernelScalar> {
    /// Half the distance of 1 to the next number.
    private static var precision: Double { Double(Real.ulpOfOne) / 2 }

    /// The inner products of the last vector, and of the one before, with all before it.
    private var last: [Double] = []
    private var beforeLast: [Double] = []

    /// Whether the vector before was to be made orthogonal to all others.
    private var wasLost = false

    /// Creates an estimate for a process that has one vector.
    init() {}

    /// Goes a step further.
    ///
    /// - Parameters:
    ///   - projection: What the process has found so far.
    ///   - remainder: What connects its last row with the new vector.
    /// - Returns: Whether the new vector is to be made orthogonal to all others. If so, the next one is too.
    /// - Complexity: O(*k*).
    mutating func isLost(at projection: JacobiMatrix, remainder: Double) -> Bool {
        let (alphas, betas) = (projection.alphas, projection.betas)
        let row = projection.count - 1
        let rounding = Self.precision * projection.bound().magnitude
        var isLost = !(remainder > 0)
        for other in 0..<max(0, row - 1) {
            let right = betas[other] * self.last[other + 1]
            let left = other > 0 ? betas[other - 1] * self.last[other - 1] : 0
            let own = (alphas[other] - alphas[row]) * self.last[other]
            let sum = left + own + right - betas[row - 1] * self.beforeLast[other]
            self.beforeLast[other] = (sum + (sum < 0 ? -rounding : rounding)) / remainder
            isLost = isLost || !(abs(self.beforeLast[other]) <= Self.precision.squareRoot())
        }
        swap(&self.last, &self.beforeLast)
        // The products with the two vectors before.
        self.last.append(contentsOf: repeatElement(Self.precision, count: row + 1 - self.last.count))
        let isToBeMended = isLost || self.wasLost
        if isToBeMended {
            for other in self.last.indices {
                self.last[other] = Self.precision
            }
        }
        self.wasLost = isLost && !self.wasLost
        return isToBeMended
    }
}
