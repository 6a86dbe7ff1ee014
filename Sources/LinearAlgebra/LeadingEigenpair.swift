/// The leading eigenvalue of a doubly centred matrix, with its eigenvector.
package struct LeadingEigenpair: Sendable {
    /// The eigenvalue, λ₁.
    package let value: Double

    /// The eigenvector of unit length; its sign means nothing.
    package let vector: [Double]
}

/// A doubly centred symmetric matrix *H*(*T* + *D*)*H* + μ*H* of which a packed triangle and two diagonals are given.
///
/// *H* = *I* − **1 1**ᵀ/*n* is never multiplied out: the Lanczos process stays in the space orthogonal to **1**.
package struct CenteredSpectrum {
    /// The diagonal of *D*, one number for each row.
    package let diagonal: [Double]

    /// μ, which shifts all eigenvalues but that of **1**.
    package let shift: Double

    /// The sum of the squared eigenvalues.
    package let squares: Double

    /// Describes a matrix.
    package init(diagonal: [Double], shift: Double, squares: Double) {
        self.diagonal = diagonal
        self.shift = shift
        self.squares = squares
    }
}

/// Finds leading eigenpairs, in memory that serves one matrix after the other.
///
/// The Lanczos process with vectors in Float64, whatever the precision of the matrix. It is not reorthogonalised:
/// it loses its orthogonality only along directions that have converged (Paige, *The computation of eigenvalues and
/// eigenvectors of very large sparse matrices*, 1971), and it ends as soon as the first has.
///
/// From one start vector the process finds one eigenvector for each eigenvalue, however often that comes. Where a
/// second one could have the largest eigenvalue too, a second process looks for it, orthogonal to the first one's
/// result.
package struct LanczosProcess: ~Copyable {
    /// The number of steps after which a leading eigenvalue that stands 1 % apart has long converged.
    private static let stepLimit = 160

    /// The steps after which a second eigenvector with the largest eigenvalue would have shown itself.
    private static let leastStepCount = 16

    /// How far the eigenvector may be off, as the sine of the angle.
    private static let tolerance = 1e-6

    private var vectors: [[Double]] = []

    /// Creates a process without any memory.
    package init() {}

    /// The size of the memory held.
    package var byteCount: Int {
        self.vectors.reduce(0) { $0 + $1.capacity * MemoryLayout<Double>.stride }
    }

    /// Finds the largest eigenvalue where it stands apart from the others.
    ///
    /// - Parameters:
    ///   - triangle: The matrix right of its diagonal, row by row.
    ///   - spectrum: Its diagonals, and what is known of its eigenvalues.
    ///   - gap: The least distance to the second eigenvalue, relative to the first.
    /// - Returns: The eigenpair, `nil` where the distance is less or no eigenvalue is positive.
    /// - Complexity: O(*m* *n*²) for *m* steps: about 10 where one direction dominates, 90 where the gap is 1 %.
    package mutating func leadingEigenpair<Scalar: KernelScalar>(
        of triangle: FixedNumbers<Scalar>,
        _ spectrum: CenteredSpectrum,
        gap: Double
    ) -> LeadingEigenpair? {
        let n = spectrum.diagonal.count
        guard n > 1, spectrum.squares > 0, spectrum.squares.isFinite else { return nil }
        let none = [Double](repeating: 0, count: n)
        var leading: LeadingEigenpair?
        var isDominant = false
        self.run(triangle, spectrum, excluding: none, dimension: n - 1, seed: 1) { vectors, matrix, state in
            let value = state.largest + spectrum.shift
            let rest = max(0, spectrum.squares - value * value)
            isDominant = value > 0 && rest < (1 - gap) * (1 - gap) * value * value
            if !isDominant {
                // The leading eigenvalue is at most two residuals further up, where it stands `gap` apart.
                let bound = (1 - gap) * (value + 2 * state.residual)
                if matrix.eigenvalueCount(above: bound - spectrum.shift) > 1 {
                    return true
                }
            }
            let distance = Self.distance(of: value, in: matrix, spectrum, atLeast: gap)
            let needed = Self.tolerance * min(distance, isDominant ? rest.squareRoot() : distance)
            guard state.residual <= max(needed, 1e-14 * spectrum.squares.squareRoot()) || state.isExhausted else {
                return false
            }
            if value > 0 {
                leading = LeadingEigenpair(value: value, vector: combine(vectors, state.weights))
            }
            return true
        }
        guard let leading else { return nil }
        let isDistinct = isDominant || self.isAlone(leading, triangle, spectrum, gap: gap)
        return isDistinct ? leading : nil
    }

    /// Whether no other eigenvector has an eigenvalue near the leading one.
    private mutating func isAlone<Scalar: KernelScalar>(
        _ leading: LeadingEigenpair,
        _ triangle: FixedNumbers<Scalar>,
        _ spectrum: CenteredSpectrum,
        gap: Double
    ) -> Bool {
        let bound = (1 - gap) * leading.value
        let dimension = leading.vector.count - 2
        guard dimension > 0 else { return true }
        var isAlone = true
        // From the first start vector only what the first process has seen could be found.
        self.run(triangle, spectrum, excluding: leading.vector, dimension: dimension, seed: 2) { _, matrix, state in
            let value = state.largest + spectrum.shift
            isAlone = value <= bound
            return !isAlone || state.isExhausted
                || matrix.count >= Self.leastStepCount && value + state.residual < bound
        }
        return isAlone
    }

    /// A lower bound of the distance to the second eigenvalue, as far as the process has seen.
    private static func distance(
        of value: Double,
        in matrix: JacobiMatrix,
        _ spectrum: CenteredSpectrum,
        atLeast gap: Double
    ) -> Double {
        for share in [0.5, 0.2, 0.08, 0.03] where share > gap {
            if matrix.eigenvalueCount(above: (1 - share) * value - spectrum.shift) == 1 {
                return share * value
            }
        }
        return gap * value
    }

    /// What is known after some steps.
    private struct State {
        /// The largest eigenvalue of the tridiagonal matrix.
        let largest: Double

        /// Its eigenvector: the weights of the process's vectors.
        let weights: [Double]

        /// How far the combined vector is from being an eigenvector.
        let residual: Double

        /// Whether the process can find nothing more.
        let isExhausted: Bool
    }

    /// Runs a process until a look at its state says that it is enough.
    private mutating func run<Scalar: KernelScalar>(
        _ triangle: FixedNumbers<Scalar>,
        _ spectrum: CenteredSpectrum,
        excluding excluded: [Double],
        dimension: Int,
        seed: UInt64,
        isEnough: (_ vectors: [[Double]], _ matrix: JacobiMatrix, _ state: State) -> Bool
    ) {
        let n = excluded.count
        var matrix = JacobiMatrix()
        var beta = 0.0
        var nextLook = min(4, dimension)
        let negligible = 1e-13 * spectrum.squares.squareRoot()
        self.store(startVector(count: n, seed: seed, orthogonalTo: excluded), at: 0)
        for step in 0..<Self.stepLimit {
            let current = self.vectors[step]
            let previous = self.vectors[max(0, step - 1)]
            var next = self.take(at: step + 1, count: n)
            let (alpha, squares) = triangle.withSpan { triangle in
                var span = next.mutableSpan
                return Scalar.lanczosStep(
                    triangle: triangle,
                    diagonal: spectrum.diagonal.span,
                    current: current.span,
                    previous: previous.span,
                    beta: beta,
                    excluded: excluded.span,
                    next: &span
                )
            }
            matrix.append(alpha: alpha, beta: beta)
            beta = squares.squareRoot()
            // Of few examples the process sees everything before rounding shows.
            let isExhausted = beta <= negligible || matrix.count == dimension && dimension < 32
            if matrix.count >= nextLook || isExhausted {
                nextLook = matrix.count + max(2, matrix.count / 6)
                let largest = matrix.largestEigenvalue()
                let weights = matrix.leadingEigenvector(for: largest)
                let state = State(
                    largest: largest,
                    weights: weights,
                    residual: beta * (weights.last ?? 0),
                    isExhausted: isExhausted
                )
                if isEnough(self.vectors, matrix, state) || isExhausted {
                    self.store(next, at: step + 1)
                    return
                }
            }
            scale(&next, by: 1 / beta)
            self.store(next, at: step + 1)
        }
    }

    /// Takes a vector out, so that it is mutated in place.
    private mutating func take(at index: Int, count: Int) -> [Double] {
        guard index < self.vectors.count, self.vectors[index].count == count else {
            return [Double](repeating: 0, count: count)
        }
        var vector: [Double] = []
        swap(&vector, &self.vectors[index])
        return vector
    }

    private mutating func store(_ vector: [Double], at index: Int) {
        if index < self.vectors.count {
            self.vectors[index] = vector
        } else {
            self.vectors.append(vector)
        }
    }
}

/// A vector of unit length that looks random and is the same for the same seed (Steele, Lea & Flood 2014), orthogonal
/// to (1, …, 1) and to a given one.
private func startVector(count: Int, seed: UInt64, orthogonalTo excluded: [Double]) -> [Double] {
    var state = seed
    var vector = [Double](repeating: 0, count: count)
    for index in vector.indices {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        vector[index] = Double(Int64(bitPattern: mixed)) * 0x1p-63
    }
    // Twice: what the first round leaves is rounding.
    for _ in 0..<2 {
        let mean = vector.reduce(0, +) / Double(count)
        let along = zip(vector, excluded).reduce(0) { $0 + $1.0 * $1.1 }
        for index in vector.indices {
            vector[index] -= mean + along * excluded[index]
        }
        let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        scale(&vector, by: 1 / length)
    }
    return vector
}

/// The sum of some vectors times weights, at unit length.
private func combine(_ vectors: [[Double]], _ weights: [Double]) -> [Double] {
    var sum = [Double](repeating: 0, count: vectors.first?.count ?? 0)
    for (vector, weight) in zip(vectors, weights) {
        let vector = vector.span
        var sum = sum.mutableSpan
        for index in sum.indices {
            sum[index] += weight * vector[index]
        }
    }
    scale(&sum, by: 1 / sum.reduce(0) { $0 + $1 * $1 }.squareRoot())
    return sum
}

private func scale(_ vector: inout [Double], by factor: Double) {
    var vector = vector.mutableSpan
    for index in vector.indices {
        vector[index] *= factor
    }
}
