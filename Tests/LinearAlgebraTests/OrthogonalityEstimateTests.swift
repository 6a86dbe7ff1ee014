import Testing

@testable import LinearAlgebra

@Suite struct OrthogonalityEstimateTests {
    /// The steps after which vectors were to be made orthogonal to all others.
    private func mendedSteps<Real: KernelScalar>(
        _ real: Real.Type,
        _ step: (Int) -> (alpha: Double, beta: Double),
        count: Int
    ) -> [Int] {
        var projection = JacobiMatrix()
        var estimate = OrthogonalityEstimate<Real>()
        var beta = 0.0
        return (0..<count).filter { place in
            projection.append(alpha: step(place).alpha, beta: beta)
            beta = step(place).beta
            return estimate.isLost(at: projection, remainder: beta)
        }
    }

    @Test func whereNothingIsFoundNothingIsLost() {
        // The spectrum of x ↦ Σ neighbours of an endless chain, of which the process never finds an eigenvalue.
        #expect(self.mendedSteps(Float.self, { _ in (0, 1) }, count: 60).isEmpty)
        #expect(self.mendedSteps(Double.self, { _ in (0, 1) }, count: 60).isEmpty)
    }

    @Test func anEigenvalueFoundCostsTheDigitsThatItHas() {
        // The second vector is the leading eigenvector but for 1e-5, and then but for 1e-10.
        func step(_ place: Int) -> (Double, Double) { place == 0 ? (0.1, 0.3) : place == 1 ? (1, 1e-5) : (0, 1e-5) }
        #expect(self.mendedSteps(Float.self, step, count: 5).starts(with: [2, 3]))
        #expect(self.mendedSteps(Double.self, step, count: 3).isEmpty)
    }

    @Test func twoVectorsAreMendedAtATime() {
        let steps = self.mendedSteps(Float.self, { _ in (0, 1e-3) }, count: 30)
        let bare = self.mendedSteps(Float.self, { $0 == 0 ? (1, 1e-3) : (0, 1e-3) }, count: 30)
        #expect(steps.isEmpty)
        #expect(!bare.isEmpty)
        for (place, step) in bare.enumerated() where place % 2 == 1 {
            #expect(step == bare[place - 1] + 1)
        }
    }

    @Test func whereNothingRemainsOrthogonalityIsLost() {
        #expect(self.mendedSteps(Float.self, { $0 == 5 ? (1, 0) : (0, 1) }, count: 6) == [5])
    }
}
