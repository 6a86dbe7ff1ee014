import Testing

@testable import LinearAlgebra

@Suite struct SymmetricMatrixTests {
    /// As many rows as do, and do not, fill vectors, eights and pairs of rows.
    static let rowCounts = Array(1...19) + [24, 25, 26, 27, 31, 32, 33, 34, 43, 64, 65]

    /// A matrix of which a number is stored for each place that its layout has.
    private struct Example {
        let layout: SymmetricLayout
        let values: [Double]

        /// Where an entry of the upper triangle is among the numbers.
        let place: (_ row: Int, _ column: Int) -> Int

        /// A matrix without gaps.
        init(_ elementType: ElementType, count n: Int, isPacked: Bool) {
            self.layout = SymmetricLayout(elementType: elementType, rowCount: n, isPacked: isPacked)
            self.values = numbers(isPacked ? n * (n + 1) / 2 : n * n, seed: UInt64(n))
            self.place = isPacked ? { packedIndex($0, $1, count: n) } : { $0 * n + $1 }
        }

        /// The upper triangle of a larger square, everything else of which is NaN.
        init(_ elementType: ElementType, count n: Int, stride: Int) {
            self.layout = SymmetricLayout(elementType: elementType, rowCount: n, stride: stride)
            let given = numbers(n * stride, seed: UInt64(n))
            self.values = given.indices.map { $0 / stride <= $0 % stride && $0 % stride < n ? given[$0] : .nan }
            self.place = { $0 * stride + $1 }
        }

        /// All kinds of one size.
        static func all(_ elementType: ElementType, count n: Int) -> [Example] {
            [
                Example(elementType, count: n, isPacked: true),
                Example(elementType, count: n, isPacked: false),
                Example(elementType, count: n, stride: n + 3),
            ]
        }

        /// Calls a closure with the numbers as they lie, unaligned, and with the matrix that they mean.
        func withMatrix(_ body: (_ bytes: RawSpan, _ entry: (_ row: Int, _ column: Int) -> Double) -> Void) {
            withBytes(of: self.values, as: self.layout.elementType, offset: 1) { bytes, stored in
                body(bytes) { stored[self.place(min($0, $1), max($0, $1))] }
            }
        }
    }

    @Test(arguments: ElementType.allCases)
    func sumsMeanBothTriangles(elementType: ElementType) {
        for n in Self.rowCounts {
            for example in Example.all(elementType, count: n) {
                example.withMatrix { bytes, entry in
                    var layout = example.layout
                    layout.scale = 4
                    let sums = SymmetricSums(of: bytes, layout)
                    var squares = 0.0
                    for i in 0..<n {
                        let others = (0..<n).filter { $0 != i }.map { entry(i, $0) * 4 }
                        #expect(abs(sums.rows[i] - others.reduce(0, +)) < 1e-12)
                        squares += others.reduce(0) { $0 + $1 * $1 }
                    }
                    #expect(sums.diagonal == (0..<n).map { entry($0, $0) * 4 })
                    #expect(abs(sums.squares - squares) <= 1e-14 * squares, "\(n) rows, \(example.layout)")
                }
            }
        }
    }

    /// Subtracts offsets, and compares with the definition: to the last digit, since there is one rounding.
    private func checkCentering<Scalar: KernelScalar>(_ scalar: Scalar.Type, of elementType: ElementType) {
        for n in Self.rowCounts {
            let offsets = numbers(n, seed: 7)
            for example in Example.all(elementType, count: n) {
                example.withMatrix { bytes, entry in
                    var layout = example.layout
                    layout.scale = 0.25
                    let centered = Scalar.centeredTriangle(of: bytes, layout, subtracting: offsets.span)
                    let expected = (0..<n).flatMap { i in
                        (i + 1..<max(i + 1, n)).map { entry(i, $0) * 0.25 - (offsets[$0] + offsets[i]) }
                    }
                    #expect(centered.triangle.array == expected.map { Scalar($0) }, "\(n) rows, \(example.layout)")
                    let squares = 2 * expected.reduce(0) { $0 + $1 * $1 }
                    #expect(abs(centered.squares - squares) <= 1e-14 * squares)
                }
            }
        }
    }

    @Test func offsetsAreSubtractedInFloat64() {
        for elementType in [ElementType.float16, .bfloat16, .float32] {
            self.checkCentering(Float.self, of: elementType)
        }
        self.checkCentering(Double.self, of: .float64)
    }

    /// In whole vectors and beside them, left of the diagonal and right of it.
    @Test(arguments: ElementType.allCases, [-Double.infinity, .nan])
    func nonFiniteNumbersAreFoundAnywhere(elementType: ElementType, value: Double) {
        for (n, isPacked) in (Array(1...20) + [33]).flatMap({ [($0, true), ($0, false)] }) {
            let layout = SymmetricLayout(elementType: elementType, rowCount: n, isPacked: isPacked)
            let count = isPacked ? n * (n + 1) / 2 : n * n
            for place in 0..<count {
                var values = Array(repeating: 0.5, count: count)
                values[place] = value
                withBytes(of: values, as: elementType, offset: 1) { bytes, _ in
                    let sums = SymmetricSums(of: bytes, layout)
                    let isFound = !sums.squares.isFinite || sums.diagonal.contains { !$0.isFinite }
                    #expect(isFound, "\(place) of \(layout)")
                }
            }
        }
    }

    @Test func largestNumbersAreFinite() {
        let values = Array(repeating: Double(Float.greatestFiniteMagnitude), count: 20 * 20)
        withBytes(of: values, as: .float32) { bytes, _ in
            let layout = SymmetricLayout(elementType: .float32, rowCount: 20, isPacked: false)
            let sums = SymmetricSums(of: bytes, layout)
            #expect(sums.squares.isFinite)
            #expect(sums.rows == Array(repeating: 19 * values[0], count: 20))
        }
    }

    /// Folds a matrix, and compares with its triangle and with a product written out.
    private func checkFolding<Scalar: KernelScalar>(
        _ elementType: ElementType,
        into matrix: inout FoldedTriangle<Scalar>,
        count n: Int
    ) {
        let (offsets, diagonal) = (numbers(n, seed: 3), numbers(n, seed: 4))
        let vector = numbers(n, seed: 5).map { Scalar($0) }
        for example in Example.all(elementType, count: n) {
            withBytes(of: example.values, as: elementType, offset: 1) { bytes, _ in
                let expected = Scalar.centeredTriangle(of: bytes, example.layout, subtracting: offsets.span)
                let folded = matrix.fill(
                    centering: bytes,
                    example.layout,
                    subtracting: offsets.span,
                    diagonal: diagonal.span
                )
                let triangle = folded.triangle.array
                #expect(triangle == expected.triangle.array)
                #expect(folded.squares == expected.squares)

                let product = matrix.times(vector)
                var written = zip(diagonal, vector).map { $0 * Double($1) }
                for row in 0..<n {
                    for column in row + 1..<max(row + 1, n) {
                        let entry = Double(triangle[packedIndex(row, column, count: n) - row - 1])
                        written[row] += entry * Double(vector[column])
                        written[column] += entry * Double(vector[row])
                    }
                }
                let largest = written.reduce(0) { max($0, abs($1)) }
                let difference = zip(product, written).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
                #expect(difference < 60 * Double(Scalar.ulpOfOne) * largest)
                #expect(product.dropFirst(n).allSatisfy { $0 == 0 })
            }
        }
    }

    @Test func foldedItIsTheSameMatrix() {
        // One memory for all: of a larger matrix nothing is left beyond the rows of a smaller one.
        var single = FoldedTriangle<Float>()
        var double = FoldedTriangle<Double>()
        for n in Array(4...17) + [49, 31, 32, 33, 47, 48, 100, 5] {
            for elementType in [ElementType.float16, .bfloat16, .float32] {
                self.checkFolding(elementType, into: &single, count: n)
            }
            self.checkFolding(.float64, into: &double, count: n)
        }
    }
}

extension FoldedTriangle {
    /// The product with a vector, and what lies beyond it.
    fileprivate func times(_ vector: [Scalar]) -> [Scalar] {
        var rows = AlignedBuffer<Scalar>()
        return rows.withRoom(for: 2 * self.paddedCount) { rows in
            for index in 0..<self.paddedCount {
                rows[index] = index < vector.count ? vector[index] : 0
            }
            self.multiply(row: 0, of: &rows)
            return (0..<self.paddedCount).map { rows[self.paddedCount + $0] }
        }
    }
}
