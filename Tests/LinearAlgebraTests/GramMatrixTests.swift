import Testing

@testable import LinearAlgebra

@Suite struct GramMatrixTests {
    /// Shapes around the borders of four rows, of a vector register and of a panel.
    static let shapes = [
        (4, 1), (5, 15), (7, 16), (13, 33), (4, 4095), (5, 4096), (6, 4097), (3, 9000), (67, 40), (35, 2048),
    ]

    @Test(arguments: ElementType.allCases, shapes)
    func activationsAreCenteredAndMultiplied(elementType: ElementType, shape: (n: Int, p: Int)) {
        let (n, p) = shape
        let values = numbers(n * p, seed: 3).map { $0 + 0.5 }
        withBytes(of: values, as: elementType, offset: 1) { bytes, stored in
            let shape = ActivationShape(elementType: elementType, exampleCount: n, featureCount: p)
            let expected = centeredGram(stored, n, p)
            var single = GramMatrix<Float>()
            let features = single.fill(activations: bytes, shape: shape)
            let means = featureMeans(stored, n, p)
            #expect(features.varies)
            #expect(isClose(features.squaredMeans, means.reduce(0) { $0 + $1 * $1 }, 1e-5))
            #expect(largestDifference(single.upperTriangle(), expected) < 1e-5)

            var double = GramMatrix<Double>()
            _ = double.fill(activations: bytes, shape: shape)
            #expect(largestDifference(double.upperTriangle(), expected) < 1e-13)
        }
    }

    /// Rows that are whole pages are copied before they are packed; with a panel of zeros behind each they are not.
    @Test(arguments: ElementType.allCases, [4, 17, 64, 100, 255, 256])
    func rowsOfWholePagesGiveTheSame(elementType: ElementType, n: Int) {
        let (p, zeros) = (4096 / elementType.byteCount, 128)
        let values = numbers(n * p, seed: 5).map { $0 + 0.5 }
        let rows = (0..<n).flatMap { values[$0 * p..<($0 + 1) * p] + Array(repeating: 0, count: zeros) }
        let copied = gram(of: values, as: elementType, n, p)
        let fetched = gram(of: rows, as: elementType, n, p + zeros)
        #expect(copied.single == fetched.single)
        #expect(copied.double == fetched.double)
    }

    @Test func memoryServesOneShapeAfterAnother() {
        var reused = GramMatrix<Double>()
        for (n, p) in [(9, 5000), (5, 3), (12, 700)] {
            withBytes(of: numbers(n * p, seed: 4), as: .float64) { bytes, stored in
                let shape = ActivationShape(elementType: .float64, exampleCount: n, featureCount: p)
                _ = reused.fill(activations: bytes, shape: shape)
                #expect(largestDifference(reused.upperTriangle(), centeredGram(stored, n, p)) < 1e-13)
            }
        }
    }

    @Test func constantFeaturesBecomeExactlyZero() {
        for value in [0, 0.1, 1e30, -1e-30] {
            let values = (0..<11 * 300).map { Double($0 % 300) * value }
            withBytes(of: values, as: .float32) { bytes, _ in
                var gram = GramMatrix<Float>()
                let shape = ActivationShape(elementType: .float32, exampleCount: 11, featureCount: 300)
                #expect(!gram.fill(activations: bytes, shape: shape).varies)
                #expect(gram.diagonal.allSatisfy { $0 == 0 })
                var double = GramMatrix<Double>()
                #expect(!double.fill(activations: bytes, shape: shape).varies)
                #expect(double.diagonal.allSatisfy { $0 == 0 })
            }
        }
    }

    /// What lies below the diagonal, and beyond the examples, may be anything: here it is NaN from another batch.
    @Test func nothingOfAnEarlierBatchIsSeen() {
        let (n, p) = (13, 300)
        var reused = GramMatrix<Float>()
        withBytes(of: Array(repeating: .nan, count: 32 * p), as: .float32) { bytes, _ in
            let shape = ActivationShape(elementType: .float32, exampleCount: 32, featureCount: p)
            _ = reused.fill(activations: bytes, shape: shape)
        }
        withBytes(of: numbers(n * p, seed: 9), as: .float32) { bytes, _ in
            let shape = ActivationShape(elementType: .float32, exampleCount: n, featureCount: p)
            var fresh = GramMatrix<Float>()
            _ = fresh.fill(activations: bytes, shape: shape)
            _ = reused.fill(activations: bytes, shape: shape)
            #expect(reused.upperTriangle() == fresh.upperTriangle())
            #expect(reused.sums().rows == fresh.sums().rows)
            #expect(reused.sums().squares == fresh.sums().squares)
        }
    }
}

extension GramMatrix {
    fileprivate func sums() -> SymmetricSums {
        self.withMatrix { SymmetricSums(of: $0, $1) }
    }

    /// The upper triangle with the diagonal, row by row.
    fileprivate func upperTriangle() -> [Double] {
        let zeros = [Double](repeating: 0, count: self.exampleCount)
        let triangle = self.withMatrix { Scalar.centeredTriangle(of: $0, $1, subtracting: zeros.span).triangle }
        var offDiagonal = triangle.array.map { Double($0) }[...]
        let diagonal = self.diagonal
        return (0..<self.exampleCount).flatMap { row in
            let length = self.exampleCount - row - 1
            defer { offDiagonal = offDiagonal.dropFirst(length) }
            return [Double(diagonal[row])] + offDiagonal.prefix(length)
        }
    }
}

/// The upper triangles in Float32 and Float64.
private func gram(
    of values: [Double],
    as elementType: ElementType,
    _ n: Int,
    _ p: Int
) -> (single: [Double], double: [Double]) {
    var single = GramMatrix<Float>()
    var double = GramMatrix<Double>()
    let shape = ActivationShape(elementType: elementType, exampleCount: n, featureCount: p)
    withBytes(of: values, as: elementType, offset: 1) { bytes, _ in
        _ = single.fill(activations: bytes, shape: shape)
        _ = double.fill(activations: bytes, shape: shape)
    }
    return (single.upperTriangle(), double.upperTriangle())
}

private func featureMeans(_ x: [Double], _ n: Int, _ p: Int) -> [Double] {
    (0..<p).map { column in
        (0..<n).reduce(0) { $0 + x[$1 * p + column] } / Double(n)
    }
}

/// The upper triangle of the Gram matrix of centred activations, as the definition says.
private func centeredGram(_ x: [Double], _ n: Int, _ p: Int) -> [Double] {
    let means = featureMeans(x, n, p)
    var centered = x
    for i in 0..<n {
        for j in 0..<p {
            centered[i * p + j] -= means[j]
        }
    }
    return (0..<n).flatMap { i in
        (i..<n).map { k in
            var sum = 0.0
            for j in 0..<p {
                sum += centered[i * p + j] * centered[k * p + j]
            }
            return sum
        }
    }
}

private func isClose(_ actual: Double, _ expected: Double, _ tolerance: Double) -> Bool {
    abs(actual - expected) <= tolerance * max(abs(actual), abs(expected))
}

/// The largest difference between two matrices' entries, relative to the largest entry.
private func largestDifference(_ actual: [Double], _ expected: [Double]) -> Double {
    #expect(actual.count == expected.count)
    let largest = expected.reduce(0) { max($0, abs($1)) }
    return zip(actual, expected).reduce(0) { max($0, abs($1.0 - $1.1)) } / largest
}
