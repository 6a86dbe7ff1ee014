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
        var matrix = FoldedTriangle<Scalar>()
        matrix.fill(FixedNumbers(symmetric.triangle), diagonal: symmetric.diagonal)
        let excluded = numbers(n, seed: 5)
        let stepCount = min(6, n - 2)
        var basis = KrylovBasis<Real>()
        basis.start(
            along: numbers(n, seed: 6),
            excluding: [excluded],
            stride: matrix.paddedCount,
            capacity: stepCount
        )
        for step in 0..<stepCount {
            let current = basis.combination([Double](repeating: 0, count: step) + [1])
            let (alpha, beta) = basis.extend(by: matrix)
            let product = symmetric.times(current)
            #expect(abs(alpha - dot(current, product)) < tolerance * Double(n))
            guard step + 1 < n - 2 else {
                #expect(beta < tolerance * Double(n))
                break
            }
            let next = basis.combination([Double](repeating: 0, count: step + 1) + [1])
            #expect(abs(beta - dot(next, product)) < tolerance * Double(n))
            #expect(abs(next.reduce(0, +)) < tolerance * Double(n))
            #expect(abs(dot(next, current)) < tolerance * 10)
            #expect(abs(dot(next, excluded)) < tolerance * Double(n))
        }
        #expect(basis.count == stepCount + 1)
    }

    @Test(arguments: [3, 4, 7, 8, 15, 16, 17, 31, 48, 100, 257])
    func stepsEqualTheDefinition(count n: Int) {
        self.check(Float.self, by: Float.self, count: n, tolerance: 1e-6)
        self.check(Float.self, by: Double.self, count: n, tolerance: 1e-7)
        self.check(Double.self, by: Double.self, count: n, tolerance: 1e-14)
    }
}
