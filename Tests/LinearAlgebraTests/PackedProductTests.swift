import Testing

@testable import LinearAlgebra

/// Products of packed rows, around the borders of half a block, of one and of two.
@Suite struct PackedProductTests {
    static let rowCounts = [1, 3, 7, 8, 9, 11, 13, 16, 17, 20, 24, 25, 27, 32, 33, 40, 47, 49, 64, 65]

    @Test(arguments: rowCounts)
    func everyTwoRowsAreMultiplied(rowCount: Int) {
        self.checkTriangle(of: Float.self, rowCount, 1e-4)
        self.checkTriangle(of: Double.self, rowCount, 1e-13)
    }

    @Test(arguments: [1, 9, 20], rowCounts)
    func everyRowIsMultipliedWithEveryOther(rowCount: Int, otherCount: Int) {
        self.checkRectangle(of: Float.self, rowCount, otherCount, 1e-4)
        self.checkRectangle(of: Double.self, rowCount, otherCount, 1e-13)
    }

    private static let columns = 5..<107

    /// Writes the products, adds them once more, and asks for what comes next meanwhile.
    private func checkTriangle<Scalar: KernelScalar>(of: Scalar.Type, _ rowCount: Int, _ tolerance: Double) {
        let rows = Rows<Scalar>(rowCount, seed: 1)
        let size = Scalar.wholeBlocks(rowCount)
        var result = AlignedBuffer<Scalar>()
        result.withRoom(for: size * size) { result in
            rows.withPacked(Self.columns) { packed in
                for isAdding in [false, true] {
                    Scalar.multiplyByOwnTranspose(
                        packed,
                        rowCount: rowCount,
                        columnCount: Self.columns.count,
                        into: &result,
                        isAdding: isAdding,
                        upcoming: rows.upcoming
                    )
                }
            }
            for i in 0..<rowCount {
                for j in i..<rowCount {
                    let expected = 2 * rows.product(i, rows, j, Self.columns)
                    #expect(abs(Double(result[i * size + j]) - expected) < tolerance, "\(i), \(j)")
                }
            }
        }
    }

    private func checkRectangle<Scalar: KernelScalar>(
        of: Scalar.Type,
        _ rowCount: Int,
        _ otherCount: Int,
        _ tolerance: Double
    ) {
        let (rows, others) = (Rows<Scalar>(rowCount, seed: 1), Rows<Scalar>(otherCount, seed: 2))
        let stride = Scalar.wholeBlocks(otherCount)
        var result = AlignedBuffer<Scalar>()
        result.withRoom(for: Scalar.wholeBlocks(rowCount) * stride) { result in
            rows.withPacked(Self.columns) { packed in
                others.withPacked(Self.columns) { other in
                    for isAdding in [false, true] {
                        Scalar.multiply(
                            packed,
                            rowCount: rowCount,
                            byTransposeOf: other,
                            rowCount: otherCount,
                            columnCount: Self.columns.count,
                            into: &result,
                            isAdding: isAdding,
                            upcoming: others.upcoming
                        )
                    }
                }
            }
            for i in 0..<rowCount {
                for j in 0..<otherCount {
                    let expected = 2 * rows.product(i, others, j, Self.columns)
                    #expect(abs(Double(result[i * stride + j]) - expected) < tolerance, "\(i), \(j)")
                }
            }
        }
    }

    /// Rows of random numbers.
    private struct Rows<Scalar: KernelScalar> {
        private static var length: Int { 130 }

        let values: [[Scalar]]
        let stored: StoredRows<Scalar>

        init(_ count: Int, seed: UInt64) {
            self.values = (0..<count).map { row in
                numbers(Self.length, seed: seed &* 1000 &+ UInt64(row)).map { Scalar($0) }
            }
            self.stored = StoredRows(
                self.values.map { row in
                    StoredNumbers(FixedNumbers(row), isDouble: Scalar.elementType == .float64)
                },
                length: Self.length
            )
        }

        var upcoming: UpcomingNumbers {
            let rows = 0..<self.values.count
            var upcoming = self.stored.upcoming(rows, rows)
            upcoming.columns = 107..<Self.length
            return upcoming
        }

        func product(_ row: Int, _ others: Rows, _ other: Int, _ columns: Range<Int>) -> Double {
            columns.reduce(0) { $0 + Double(self.values[row][$1]) * Double(others.values[other][$1]) }
        }

        func withPacked(_ columns: Range<Int>, _ body: (Span<Scalar>) -> Void) {
            var converted = AlignedBuffer<Scalar>()
            var packed = AlignedBuffer<Scalar>()
            let rows = 0..<self.values.count
            self.stored.pack(columns: columns, of: rows, converting: &converted, into: &packed)
            packed.withNumbers(Scalar.wholeBlocks(rows.count) * columns.count, body)
        }
    }
}
