import Testing

@testable import LinearAlgebra

@Suite struct JacobiMatrixTests {
    private static func matrix(count k: Int, lastAlpha: Double = 0) -> JacobiMatrix {
        let (alphas, betas) = (numbers(k, seed: 11), numbers(k, seed: 12))
        var matrix = JacobiMatrix()
        for row in 0..<k {
            let addition = row == k - 1 ? lastAlpha : 0
            matrix.append(alpha: alphas[row] + addition, beta: row == 0 ? 0 : 0.1 + abs(betas[row]))
        }
        return matrix
    }

    @Test(arguments: [2, 3, 8, 40])
    func sensitivityIsHowFarAChangeInTheLastRowTurnsTheEigenvector(count k: Int) {
        let matrix = Self.matrix(count: k)
        let eigenvalue = matrix.largestEigenvalue()
        let eigenvector = matrix.leadingEigenvector(for: eigenvalue)
        let sensitivity = matrix.sensitivity(of: eigenvector, for: eigenvalue)
        // Large enough to be seen where the last number of the eigenvector is small, and small enough to be linear.
        let change = 1e-4
        let changed = Self.matrix(count: k, lastAlpha: change)
        let turned = changed.leadingEigenvector(for: changed.largestEigenvalue())
        let last = eigenvector[k - 1]
        let distance = zip(turned, eigenvector).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
        #expect(abs(distance - change * last * sensitivity) < 1e-3 * change * last * sensitivity + 1e-13)
    }

    @Test func oneRowSaysNothingOfOthers() {
        #expect(Self.matrix(count: 1).sensitivity(of: [1], for: 0.5) == .infinity)
    }
}
