import Testing

@testable import LinearAlgebra

@Suite struct GramMatrixTests {
    /// Shapes around the borders of four rows, of a vector register and of a panel.
    static let shapes = [(4, 1), (5, 15), (7, 16), (13, 33), (4, 4095), (5, 4096), (6, 4097), (3, 9000), (67, 40)]

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
            #expect(reused.offDiagonalSums().rows == fresh.offDiagonalSums().rows)
            let offsets = numbers(n, seed: 2)
            let product: [Float] = reused.withFoldedTriangle(
                subtracting: offsets,
                scale: 1,
                diagonal: Array(repeating: 0, count: n)
            ) { _, matrix in
                var rows = AlignedBuffer<Float>()
                return rows.withRoom(for: 2 * matrix.paddedCount) { rows in
                    for index in 0..<matrix.paddedCount {
                        rows[index] = index < n ? 1 : 0
                    }
                    matrix.multiply(row: 0, of: &rows)
                    return (0..<n).map { rows[matrix.paddedCount + $0] }
                }
            }
            #expect(product.allSatisfy { $0.isFinite })
        }
    }

    /// In whole vectors and beside them, left of the diagonal and right of it.
    @Test(arguments: ElementType.allCases, [-Double.infinity, .nan])
    func nonFiniteNumbersOfReadyMadeMatricesAreFoundAnywhere(elementType: ElementType, value: Double) {
        let n = 33
        for place in 0..<n * n {
            var values = Array(repeating: 0.5, count: n * n)
            values[place] = value
            withBytes(of: values, as: elementType, offset: 1) { bytes, _ in
                var single = GramMatrix<Float>()
                let largest = single.fill(gram: bytes, elementType: elementType, isPacked: false, exampleCount: n)
                #expect(!largest.isFinite, "\(place)")
            }
        }
    }

    @Test(arguments: [9, 16, 17, 33], [true, false])
    func readyMadeMatricesOfFloat32AreReadAsTheyAre(exampleCount n: Int, isPacked: Bool) {
        let square = numbers(n * n, seed: 6)
        let values = isPacked ? (0..<n).flatMap { square[$0 * n + $0..<($0 + 1) * n] } : square
        withBytes(of: values, as: .float32, offset: 3) { bytes, stored in
            var gram = GramMatrix<Float>()
            let largest = gram.fill(gram: bytes, elementType: .float32, isPacked: isPacked, exampleCount: n, scale: 4)
            #expect(largest == stored.reduce(0) { max($0, abs($1)) })
            let upper = isPacked ? stored : (0..<n).flatMap { stored[$0 * n + $0..<($0 + 1) * n] }
            #expect(gram.upperTriangle() == upper.map { $0 * 4 })
        }
    }

    @Test(arguments: [true, false], ElementType.allCases)
    func readyMadeMatricesAreReadFromTheUpperTriangle(isPacked: Bool, elementType: ElementType) {
        let n = 9
        let square = numbers(n * n, seed: 5)
        let values = isPacked ? (0..<n).flatMap { square[$0 * n + $0..<($0 + 1) * n] } : square
        withBytes(of: values, as: elementType, offset: 1) { bytes, stored in
            var gram = GramMatrix<Double>()
            let largest = gram.fill(
                gram: bytes,
                elementType: elementType,
                isPacked: isPacked,
                exampleCount: n,
                scale: 0.5
            )
            let magnitudes = stored.map { abs($0) }
            #expect(largest == magnitudes.reduce(0) { max($0, $1) })
            let upper = isPacked ? stored : (0..<n).flatMap { stored[$0 * n + $0..<($0 + 1) * n] }
            #expect(gram.upperTriangle() == upper.map { $0 / 2 })
        }
    }

    /// As many examples as do, and do not, fill vectors and pairs of rows.
    @Test(arguments: [2, 3, 6, 9, 10, 11, 17, 32, 43])
    func sumsAndDifferencesMeanBothTriangles(exampleCount n: Int) {
        let square = numbers(n * n, seed: 6)
        let offsets = numbers(n, seed: 7)
        func entry(_ i: Int, _ j: Int) -> Double { square[min(i, j) * n + max(i, j)] }
        withBytes(of: square, as: .float64) { bytes, _ in
            var gram = GramMatrix<Double>()
            _ = gram.fill(gram: bytes, elementType: .float64, isPacked: false, exampleCount: n)
            let sums = gram.offDiagonalSums()
            var squares = 0.0
            var differences = 0.0
            for i in 0..<n {
                let others = (0..<n).filter { $0 != i }
                #expect(abs(sums.rows[i] - others.reduce(0) { $0 + entry(i, $1) }) < 1e-13)
                for j in others {
                    let difference = entry(i, j) - offsets[i] - offsets[j]
                    squares += entry(i, j) * entry(i, j)
                    differences += difference * difference
                }
            }
            #expect(isClose(sums.squares, squares, 1e-14))
            #expect(isClose(gram.offDiagonalSquares(subtracting: offsets), differences, 1e-14))

            let centered = gram.centeredTriangle(subtracting: offsets, scale: 3).array
            let expected = (0..<n).flatMap { i in (i + 1..<n).map { (entry(i, $0) - offsets[i] - offsets[$0]) * 3 } }
            #expect(largestDifference(centered, expected) < 1e-15)
        }
    }

    /// Folds a matrix in its place, and compares with its triangle and with a product written out.
    private func checkFolding<Scalar: KernelScalar>(
        _ scalar: Scalar.Type,
        into gram: inout GramMatrix<Scalar>,
        count n: Int
    ) {
        let entries = numbers(n * (n + 1) / 2, seed: UInt64(n)).map { Scalar($0) }
        let (offsets, diagonal) = (numbers(n, seed: 3), numbers(n, seed: 4))
        // SAFETY: Every byte of a Float or Double is initialized.
        let bytes = unsafe entries.span.bytes
        _ = gram.fill(gram: bytes, elementType: Scalar.elementType, isPacked: true, exampleCount: n)
        let expected = gram.centeredTriangle(subtracting: offsets, scale: 3).array
        let vector = numbers(n, seed: 5).map { Scalar($0) }
        let (triangle, product) = gram.withFoldedTriangle(subtracting: offsets, scale: 3, diagonal: diagonal) {
            triangle,
            matrix in
            var rows = AlignedBuffer<Scalar>()
            let product = rows.withRoom(for: 2 * matrix.paddedCount) { rows in
                for index in 0..<matrix.paddedCount {
                    rows[index] = index < n ? vector[index] : 0
                }
                matrix.multiply(row: 0, of: &rows)
                return (0..<matrix.paddedCount).map { rows[matrix.paddedCount + $0] }
            }
            return (triangle.array, product)
        }
        #expect(triangle == expected)

        var written = zip(diagonal, vector).map { $0 * Double($1) }
        var place = 0
        for row in 0..<n {
            for column in row + 1..<max(row + 1, n) {
                written[row] += Double(expected[place]) * Double(vector[column])
                written[column] += Double(expected[place]) * Double(vector[row])
                place += 1
            }
        }
        #expect(largestDifference(product.prefix(n).map { Double($0) }, written) < 60 * Double(Scalar.ulpOfOne))
        #expect(product.dropFirst(n).allSatisfy { $0 == 0 })
    }

    @Test func foldedInItsPlaceItIsTheSameMatrix() {
        // One matrix for all: what was folded gives its memory back, for larger ones and for smaller ones.
        var single = GramMatrix<Float>()
        var double = GramMatrix<Double>()
        for n in Array(4...17) + [49, 31, 32, 33, 47, 48, 100, 5] {
            self.checkFolding(Float.self, into: &single, count: n)
            self.checkFolding(Double.self, into: &double, count: n)
        }
    }
}

extension GramMatrix {
    /// The upper triangle with the diagonal, row by row.
    fileprivate func upperTriangle() -> [Double] {
        let zeros = [Double](repeating: 0, count: self.exampleCount)
        var offDiagonal = self.centeredTriangle(subtracting: zeros, scale: 1).array.map { Double($0) }[...]
        let diagonal = self.diagonal
        return (0..<self.exampleCount).flatMap { row in
            let length = self.exampleCount - row - 1
            defer { offDiagonal = offDiagonal.dropFirst(length) }
            return [Double(diagonal[row])] + offDiagonal.prefix(length)
        }
    }
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
