/// Finds leading eigenpairs, in memory that serves one matrix after the other.
///
/// The Lanczos process in the precision of the matrix, with vectors that are orthogonal to half of its digits: no
/// eigenvalue comes twice by rounding, which in Float32 would happen before the first eigenvector has converged. Where
/// the leading direction carries most, a few more steps in Float64 give it the digits that the rest needs, next to which
/// the error of the component counts.
///
/// From one start vector the process finds one eigenvector for each eigenvalue, however often that comes. Where a
/// second one could have the largest eigenvalue too, a second process looks for it, orthogonal to the first one's
/// result.
package struct LanczosProcess<Scalar: KernelScalar>: ~Copyable {
    /// The number of steps after which a leading eigenvalue that stands 1 % apart has long converged.
    private static var stepLimit: Int { 160 }

    /// The number of steps in Float64 that a leading eigenvalue takes at most that stands for most of the matrix.
    private static var refinementLimit: Int { 24 }

    /// The steps after which a second eigenvector with the largest eigenvalue would have shown itself, among as many
    /// directions: 99 times in 100 even in noise.
    private static func leastStepCount(dimension: Int) -> Int {
        2 * (Int.bitWidth - dimension.leadingZeroBitCount)
    }

    /// How far the eigenvector may be off in Float64, as the sine of the angle.
    ///
    /// It is up to four times as far as estimated, in noise, and about as far where the spectrum decays.
    private static var tolerance: Double { 2.5e-7 }

    /// How far it may be off in the matrix's precision.
    ///
    /// Where the vector will be refined, next to nothing is enough.
    private static func tolerance(isDominant: Bool) -> Double {
        Scalar.self == Double.self ? self.tolerance : isDominant ? 3e-4 : 2.5e-5
    }

    /// What may be left next to a dominant component before it is rounding, however many digits are asked for.
    private static var leastRestShare: Double { 1e-7 }

    private var basis = KrylovBasis<Scalar>()
    private var refinement = KrylovBasis<Double>()

    /// Creates a process without any memory.
    package init() {}

    /// The size of the memory held.
    package var byteCount: Int {
        self.basis.byteCount + self.refinement.byteCount
    }

    /// Finds the largest eigenvalue where it stands apart from the others.
    ///
    /// - Parameters:
    ///   - matrix: *T* + *D*.
    ///   - spectrum: Its diagonals, and what is known of its eigenvalues.
    ///   - gap: The least distance to the second eigenvalue, relative to the first.
    /// - Returns: The eigenpair, `nil` where the distance is less or no eigenvalue is positive.
    /// - Complexity: O(*m* *n*²) for *m* steps: about 6 where one direction dominates, 70 where the gap is 1 %.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    package mutating func leadingEigenpair(
        of matrix: borrowing FoldedTriangle<Scalar>,
        _ spectrum: CenteredSpectrum,
        gap: Double
    ) -> LeadingEigenpair? {
        guard spectrum.diagonal.count > 1, spectrum.squares > 0, spectrum.squares.isFinite else { return nil }
        guard let candidate = self.candidate(of: matrix, spectrum, gap: gap),
            candidate.isAlone || self.isAlone(candidate.pair, in: matrix, spectrum, gap: gap)
        else {
            return nil
        }
        guard Scalar.self != Double.self, candidate.isDominant else { return candidate.pair }
        return self.refined(candidate.pair, of: matrix, spectrum)
    }

    /// What one start vector has led to.
    private struct Candidate {
        let pair: LeadingEigenpair

        /// Whether all other eigenvalues together are less than this one.
        let isDominant: Bool

        /// Whether what the process cannot have seen is too small for a second eigenvalue near this one.
        let isAlone: Bool
    }

    /// Finds the leading eigenvalue that one start vector leads to.
    ///
    /// - Returns: `nil` where another one is near, or it is not positive.
    private mutating func candidate(
        of matrix: borrowing FoldedTriangle<Scalar>,
        _ spectrum: CenteredSpectrum,
        gap: Double
    ) -> Candidate? {
        let n = spectrum.diagonal.count
        var candidate: Candidate?
        var previous: (stepCount: Int, excess: Double)?
        runProcess(
            on: matrix,
            &self.basis,
            spectrum,
            along: randomVector(count: n, seed: 1),
            stepLimit: min(Self.stepLimit, n - 1)
        ) { basis, state in
            let value = state.largest + spectrum.shift
            let rest = max(0, spectrum.squares - value * value)
            let isDominant = value > 0 && rest < (1 - gap) * (1 - gap) * value * value
            if !isDominant {
                // The leading eigenvalue is at most two residuals further up, where it stands `gap` apart.
                let bound = (1 - gap) * (value + 2 * state.residual)
                if basis.projection.eigenvalueCount(above: bound - spectrum.shift) > 1 {
                    return nil
                }
            }
            // Next to a component that is nearly everything, its error counts against what is left.
            let share =
                isDominant && Scalar.self == Double.self
                ? min(1, max(rest.squareRoot() / value, Self.leastRestShare)) : 1
            let excess = state.error / (Self.tolerance(isDominant: isDominant) * share)
            guard excess <= 1 || state.isExhausted else {
                defer { previous = (basis.projection.count, excess) }
                return stepsToCome(from: previous, to: (basis.projection.count, excess))
            }
            if value > 0 {
                let bound = (1 - gap) * value
                candidate = Candidate(
                    pair: LeadingEigenpair(value: value, vector: basis.combination(state.weights)),
                    isDominant: isDominant,
                    isAlone: spectrum.squares - basis.projection.squares(shiftedBy: spectrum.shift) < bound * bound
                )
            }
            return nil
        }
        return candidate
    }

    /// Whether no other eigenvector has an eigenvalue near the leading one.
    private mutating func isAlone(
        _ leading: LeadingEigenpair,
        in matrix: borrowing FoldedTriangle<Scalar>,
        _ spectrum: CenteredSpectrum,
        gap: Double
    ) -> Bool {
        let bound = (1 - gap) * leading.value
        let dimension = leading.vector.count - 2
        guard dimension > 0 else { return true }
        let leastStepCount = Self.leastStepCount(dimension: dimension)
        var isAlone = true
        // From the first start vector only what the first process has seen could be found.
        runProcess(
            on: matrix,
            &self.basis,
            spectrum,
            along: randomVector(count: leading.vector.count, seed: 2),
            excluding: [leading.vector],
            stepLimit: min(Self.stepLimit, dimension)
        ) { basis, state in
            let value = state.largest + spectrum.shift
            isAlone = value <= bound
            let isEnough =
                !isAlone || state.isExhausted
                || basis.projection.count >= leastStepCount && value + state.residual < bound
            return isEnough ? nil : 2
        }
        return isAlone
    }

    /// Gives an eigenpair that stands for most of the matrix the digits of Float64.
    private mutating func refined(
        _ pair: LeadingEigenpair,
        of matrix: borrowing FoldedTriangle<Scalar>,
        _ spectrum: CenteredSpectrum
    ) -> LeadingEigenpair {
        var refined = pair
        runProcess(
            on: matrix,
            &self.refinement,
            spectrum,
            along: pair.vector,
            stepLimit: min(Self.refinementLimit, pair.vector.count - 1)
        ) { basis, state in
            let value = state.largest + spectrum.shift
            let rest = max(0, spectrum.squares - value * value).squareRoot()
            let needed = Self.tolerance * min(rest, value - rest)
            guard state.residual <= max(needed, 1e-14 * spectrum.norm) || state.isExhausted else { return 1 }
            refined = LeadingEigenpair(value: value, vector: basis.combination(state.weights))
            return nil
        }
        return refined
    }
}

/// What is known after some steps.
private struct ProcessState {
    /// The largest eigenvalue of the tridiagonal matrix.
    let largest: Double

    /// Its eigenvector: the weights of the process's vectors.
    let weights: [Double]

    /// How far the combined vector is from being an eigenvector.
    let residual: Double

    /// How far it is from the eigenvector, about, as the sine of the angle.
    ///
    /// What is missing comes from the vector that the process would make next. As far as can be told, that lies among
    /// the other eigenvectors as the last one does.
    let error: Double

    /// Whether the process goes no further.
    let isExhausted: Bool
}

/// Runs a process until a look at its state says that it is enough.
///
/// - Parameters:
///   - matrix: The matrix.
///   - basis: Becomes the process's vectors.
///   - spectrum: What is known of the matrix.
///   - first: The start vector.
///   - excluded: What it is to be orthogonal to.
///   - stepLimit: The number of steps at most, at most as many as there are dimensions.
///   - stepsToNextLook: Looks at what there is; `nil` ends the process.
private func runProcess<Scalar: KernelScalar, Real: KernelScalar>(
    on matrix: borrowing FoldedTriangle<Scalar>,
    _ basis: inout KrylovBasis<Real>,
    _ spectrum: CenteredSpectrum,
    along first: [Double],
    excluding excluded: [[Double]] = [],
    stepLimit: Int,
    stepsToNextLook: (_ basis: borrowing KrylovBasis<Real>, _ state: ProcessState) -> Int?
) {
    var guess: Double?
    var nextLook = min(Scalar.self == Real.self ? 4 : 1, stepLimit)
    let negligible = negligibleShare(of: Real.self) * spectrum.norm
    basis.start(along: first, excluding: excluded, stride: matrix.paddedCount, capacity: stepLimit)
    for _ in 0..<stepLimit {
        basis.extend(by: matrix)
        let isExhausted = basis.remainder <= negligible || basis.projection.count == stepLimit
        guard basis.projection.count >= nextLook || isExhausted else { continue }
        let largest = basis.projection.largestEigenvalue(guess: guess)
        let weights = basis.projection.leadingEigenvector(for: largest)
        let residual = basis.remainder * (weights.last ?? 0)
        guess = largest + residual
        let state = ProcessState(
            largest: largest,
            weights: weights,
            residual: residual,
            error: residual * basis.projection.sensitivity(of: weights, for: largest),
            isExhausted: isExhausted
        )
        guard let steps = stepsToNextLook(basis, state), !isExhausted else { return }
        nextLook = basis.projection.count + steps
    }
}

/// The part of a matrix's norm that is rounding.
private func negligibleShare<Scalar: KernelScalar>(of scalar: Scalar.Type) -> Double {
    scalar == Double.self ? 1e-14 : 1e-7
}

/// After how many more steps the error will be small enough, if it goes on falling as it did.
///
/// - Parameters:
///   - previous: How many steps there were at the last look, and how many times too large the error was.
///   - current: The same now.
/// - Returns: At most a sixth of the steps so far, but two.
private func stepsToCome(
    from previous: (stepCount: Int, excess: Double)?,
    to current: (stepCount: Int, excess: Double)
) -> Int {
    let most = max(2, current.stepCount / 6)
    guard let previous, current.excess < previous.excess else { return most }
    let stepCount = Double(current.stepCount - previous.stepCount)
    let expected = stepCount * binaryLogarithm(current.excess) / binaryLogarithm(previous.excess / current.excess)
    // It falls faster and faster.
    return expected < Double(most) ? max(1, Int(0.75 * expected)) : most
}

/// The logarithm of a number above 1, off by less than a tenth.
private func binaryLogarithm(_ number: Double) -> Double {
    Double(number.exponent) + number.significand - 1
}

/// A vector that looks random and is the same for the same seed (Steele, Lea & Flood 2014).
private func randomVector(count: Int, seed: UInt64) -> [Double] {
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
    return vector
}
