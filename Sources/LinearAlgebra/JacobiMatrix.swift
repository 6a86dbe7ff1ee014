/// A symmetric tridiagonal matrix with positive numbers beside its diagonal, as the Lanczos process makes them.
struct JacobiMatrix {
    /// The diagonal.
    private(set) var alphas: [Double] = []

    /// What is beside the diagonal, one number fewer.
    private(set) var betas: [Double] = []

    /// The number of rows.
    var count: Int { self.alphas.count }

    /// Appends a row.
    ///
    /// - Parameters:
    ///   - alpha: Its number on the diagonal.
    ///   - beta: What connects it with the row before; not read for the first row.
    mutating func append(alpha: Double, beta: Double) {
        if !self.alphas.isEmpty {
            self.betas.append(beta)
        }
        self.alphas.append(alpha)
    }

    /// The sum of the squared eigenvalues of *T* + shift.
    ///
    /// - Complexity: O(*k*).
    func squares(shiftedBy shift: Double) -> Double {
        self.alphas.reduce(0) { $0 + ($1 + shift) * ($1 + shift) } + 2 * self.betas.reduce(0) { $0 + $1 * $1 }
    }

    /// The number of eigenvalues above `bound`.
    ///
    /// By Sylvester's law of inertia: as many as there are positive pivots of *T* − bound.
    ///
    /// - Complexity: O(*k*).
    func eigenvalueCount(above bound: Double) -> Int {
        var count = 0
        var pivot = 1.0
        for row in self.alphas.indices {
            let beta = row == 0 ? 0 : self.betas[row - 1]
            pivot = self.alphas[row] - bound - beta * beta / pivot
            if pivot == 0 {
                pivot = -Double.leastNormalMagnitude.squareRoot()
            }
            count += pivot > 0 ? 1 : 0
        }
        return count
    }

    /// The largest eigenvalue.
    ///
    /// Laguerre's iteration on the characteristic polynomial, whose roots are all real: from above the largest one it
    /// falls to it monotonically, and cubically where the root is simple.
    ///
    /// - Parameter guess: Where it begins if that is above all eigenvalues, and lower than is known otherwise.
    /// - Returns: The eigenvalue, but for rounding.
    /// - Precondition: There is a row.
    /// - Complexity: O(*k*) for each of a handful of iterations.
    func largestEigenvalue(guess: Double? = nil) -> Double {
        let degree = Double(self.count)
        let scale = self.bound()
        var root = scale.upper
        if let guess, guess < root, self.eigenvalueCount(above: guess) == 0 {
            root = guess
        }
        for _ in 0..<100 {
            guard let logarithm = self.logarithmicDerivatives(at: root) else { break }
            let discriminant = (degree - 1) * (degree * logarithm.curvature - logarithm.slope * logarithm.slope)
            let step = degree / (logarithm.slope + max(0, discriminant).squareRoot())
            let next = root - step
            guard next < root else { break }
            root = next
            guard step > 1e-15 * scale.magnitude else { break }
        }
        return root
    }

    /// The eigenvector of the largest eigenvalue, of unit length and without negative numbers.
    ///
    /// One step of inverse iteration.
    ///
    /// - Parameter eigenvalue: The largest eigenvalue.
    /// - Returns: A number for each row.
    /// - Complexity: O(*k*).
    func leadingEigenvector(for eigenvalue: Double) -> [Double] {
        let vector = self.solution([Double](repeating: 1, count: self.count), below: eigenvalue)
        let largest = vector.reduce(0) { max($0, abs($1)) }
        let length = vector.reduce(0) { $0 + ($1 / largest) * ($1 / largest) }.squareRoot() * largest
        return vector.map { $0 / length }
    }

    /// How far the leading eigenvector turns for each unit that is added beside the last row: the length of
    /// (θ − *T*)⁺ *e*ₖ.
    ///
    /// - Parameters:
    ///   - eigenvector: The eigenvector of the largest eigenvalue.
    ///   - eigenvalue: The eigenvalue, θ.
    /// - Returns: Infinity where there is but one row.
    /// - Complexity: O(*k*).
    func sensitivity(of eigenvector: [Double], for eigenvalue: Double) -> Double {
        guard self.count > 1, let last = eigenvector.last else { return .infinity }
        var rest = eigenvector.map { -last * $0 }
        rest[rest.count - 1] += 1
        let turned = self.solution(rest, below: eigenvalue)
        // Along the eigenvector itself the solution has nothing but rounding.
        let along = zip(turned, eigenvector).reduce(0) { $0 + $1.0 * $1.1 }
        return zip(turned, eigenvector).reduce(0) { $0 + ($1.0 - along * $1.1) * ($1.0 - along * $1.1) }.squareRoot()
    }

    /// Solves (θ − *T*) x = b just above θ, where the matrix is positive definite and needs no pivoting.
    private func solution(_ right: [Double], below eigenvalue: Double) -> [Double] {
        let magnitude = self.bound().magnitude
        let shift = eigenvalue + 4e-15 * magnitude
        let least = 1e-17 * magnitude + Double.leastNormalMagnitude
        var pivots = self.alphas.map { shift - $0 }
        var solution = right
        pivots[0] = max(pivots[0], least)
        for row in 1..<max(1, self.count) {
            let factor = self.betas[row - 1] / pivots[row - 1]
            pivots[row] = max(pivots[row] - factor * self.betas[row - 1], least)
            solution[row] += factor * solution[row - 1]
        }
        for row in self.alphas.indices.reversed() {
            if row + 1 < self.count {
                solution[row] += self.betas[row] * solution[row + 1]
            }
            solution[row] /= pivots[row]
        }
        return solution
    }

    /// Gershgorin's bounds: no eigenvalue is above `upper`, and none has a magnitude above `magnitude`.
    func bound() -> (upper: Double, magnitude: Double) {
        var upper = -Double.infinity
        var magnitude = 0.0
        for row in self.alphas.indices {
            let radius = (row == 0 ? 0 : self.betas[row - 1]) + (row + 1 < self.count ? self.betas[row] : 0)
            upper = max(upper, self.alphas[row] + radius)
            magnitude = max(magnitude, abs(self.alphas[row]) + radius)
        }
        return (upper, magnitude)
    }

    /// The derivatives of log det(x − *T*): Σ 1/(x − θᵢ), and Σ 1/(x − θᵢ)²; `nil` where x is not above all eigenvalues.
    private func logarithmicDerivatives(at x: Double) -> (slope: Double, curvature: Double)? {
        var slope = 0.0
        var curvature = 0.0
        // A pivot, and its first and second derivative.
        var (pivot, first, second) = (1.0, 0.0, 0.0)
        for row in self.alphas.indices {
            let square = row == 0 ? 0 : self.betas[row - 1] * self.betas[row - 1]
            let inverse = 1 / pivot
            let relative = first * inverse
            second = square * inverse * (second * inverse - 2 * relative * relative)
            first = 1 + square * inverse * relative
            pivot = x - self.alphas[row] - square * inverse
            guard pivot > 0 else { return nil }
            slope += first / pivot
            curvature += (first / pivot) * (first / pivot) - second / pivot
        }
        return (slope, curvature)
    }
}
