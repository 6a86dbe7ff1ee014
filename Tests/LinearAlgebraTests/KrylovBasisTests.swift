import Testing

@testable import LinearAlgebra

@Suite struct KrylovBasisTests {
    /// A symmetric matrix, as its triangle and its diagonal.
    private struct Symmetric<Scalar: KernelScalar> {
        let triangle: [Scalar]
        let diagonal: [Double]

        init(count n: Int) {
            self.triangle = numbers(n * (n - 1) / 2, seed: 3).map { Scalar($0) }
            self.diagonal = numbers(n, seed: 4)
        }

        /// A matrix u uᵀ with a little added.
        init(count n: Int, dominatedBy share: Double) {
            let (direction, others) = (numbers(n, seed: 7), numbers(n * n, seed: 8))
            self.triangle = (0..<n).flatMap { i in
                (i + 1..<max(i + 1, n)).map { j in
                    Scalar(direction[i] * direction[j] + (1 - share) * others[i * n + j])
                }
            }
            self.diagonal = direction.map { $0 * $0 }
        }

        func withFoldedTriangle(_ body: (borrowing FoldedTriangle<Scalar>) -> Void) {
            let n = self.diagonal.count
            var rest = self.triangle[...]
            var packed: [Scalar] = []
            for row in 0..<n {
                packed += [0] + rest.prefix(n - row - 1)
                rest = rest.dropFirst(n - row - 1)
            }
            var matrix = FoldedTriangle<Scalar>()
            // SAFETY: Every byte of a Float or Double is initialized.
            let bytes = unsafe packed.span.bytes
            let layout = SymmetricLayout(elementType: Scalar.elementType, rowCount: n, isPacked: true)
            let zeros = [Double](repeating: 0, count: n)
            _ = matrix.fill(centering: bytes, layout, subtracting: zeros.span, diagonal: self.diagonal.span)
            body(matrix)
        }

        func times(_ vector: [Double]) -> [Double] {
            var product = zip(self.diagonal, vector).map { $0 * $1 }
            var place = 0
            for row in vector.indices {
                for column in row + 1..<max(row + 1, vector.count) {
                    product[row] += Double(self.triangle[place]) * vector[column]
                    product[column] += Double(self.triangle[place]) * vector[row]
                    place += 1
                }
            }
            return product
        }
    }

    private func dot(_ one: [Double], _ other: [Double]) -> Double {
        zip(one, other).reduce(0) { $0 + $1.0 * $1.1 }
    }

    /// Extends a basis step by step, and compares with the definition of the Lanczos process.
    private func check<Scalar: KernelScalar, Real: KernelScalar>(
        _ scalar: Scalar.Type,
        by real: Real.Type,
        count n: Int,
        tolerance: Double
    ) {
        let symmetric = Symmetric<Scalar>(count: n)
        let excluded = numbers(n, seed: 5)
        let stepCount = min(6, n - 2)
        symmetric.withFoldedTriangle { matrix in
            var basis = KrylovBasis<Real>()
            basis.start(
                along: numbers(n, seed: 6),
                excluding: [excluded],
                stride: matrix.paddedCount,
                capacity: stepCount
            )
            for step in 0..<stepCount {
                let current = basis.vector(step)
                basis.extend(by: matrix)
                let product = symmetric.times(current)
                #expect(abs(basis.projection.alphas[step] - dot(current, product)) < tolerance * Double(n))
                guard step + 1 < n - 2 else {
                    #expect(basis.remainder < tolerance * Double(n))
                    break
                }
                let next = basis.vector(step + 1)
                #expect(abs(basis.remainder - dot(next, product)) < tolerance * Double(n))
                #expect(step == 0 || basis.projection.betas[step - 1] > 0)
                #expect(abs(next.reduce(0, +)) < tolerance * Double(n))
                #expect(abs(dot(next, current)) < tolerance * 10)
                #expect(abs(dot(next, excluded)) < tolerance * Double(n))
            }
            #expect(basis.count == stepCount + 1)
            #expect(basis.projection.count == stepCount)
        }
    }

    @Test(arguments: [3, 4, 7, 8, 15, 16, 17, 31, 48, 100, 257])
    func stepsEqualTheDefinition(count n: Int) {
        self.check(Float.self, by: Float.self, count: n, tolerance: 1e-6)
        self.check(Float.self, by: Double.self, count: n, tolerance: 1e-7)
        self.check(Double.self, by: Double.self, count: n, tolerance: 1e-14)
    }

    /// By rounding alone the vectors would turn towards the leading eigenvector again, once it is found.
    private func checkOrthogonality<Scalar: KernelScalar>(
        _ scalar: Scalar.Type,
        dominatedBy share: Double,
        count n: Int
    ) {
        Symmetric<Scalar>(count: n, dominatedBy: share).withFoldedTriangle { matrix in
            var basis = KrylovBasis<Scalar>()
            basis.start(along: numbers(n, seed: 6), excluding: [], stride: matrix.paddedCount, capacity: 60)
            for _ in 0..<60 {
                basis.extend(by: matrix)
            }
            let vectors = (0...60).map { basis.vector($0) }
            var largest = 0.0
            for (place, vector) in vectors.enumerated() {
                for other in vectors[..<place] {
                    largest = max(largest, abs(dot(vector, other)))
                }
            }
            #expect(largest < Double(Scalar.ulpOfOne).squareRoot())
        }
    }

    @Test(arguments: [0, 0.5, 0.9, 0.999, 0.999999], [64, 150, 1000])
    func vectorsStayOrthogonalToHalfOfTheDigits(share: Double, count n: Int) {
        self.checkOrthogonality(Float.self, dominatedBy: share, count: n)
        self.checkOrthogonality(Double.self, dominatedBy: share, count: n)
    }
}

extension KrylovBasis {
    /// One of the vectors.
    fileprivate func vector(_ place: Int) -> [Double] {
        self.combination([Double](repeating: 0, count: place) + [1])
    }
}
