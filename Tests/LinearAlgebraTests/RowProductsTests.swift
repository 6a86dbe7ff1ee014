import LinearAlgebra
import Testing

@Suite struct RowProductsTests {
    /// Beyond 1024 rows the matrix is taken in blocks.
    @Test(arguments: [(0, 7), (1, 7), (2, 20_000), (5, 513), (40, 100), (1030, 3), (2050, 2)])
    func equalTheDefinition(rowCount: Int, columnCount: Int) {
        let values = numbers(rowCount * columnCount, seed: 8)
        func row(_ index: Int) -> ArraySlice<Double> { values[index * columnCount..<(index + 1) * columnCount] }

        var scratch = RowProducts<Double>()
        let products = scratch.products(rowCount: rowCount, columnCount: columnCount) { row, columns, destination in
            for column in columns {
                destination[column - columns.lowerBound] = values[row * columnCount + column]
            }
        }

        #expect(products.count == rowCount * (rowCount + 1) / 2)
        let rows = rowCount > 50 ? [0, 1, 1023, 1024, rowCount - 1] : Array(0..<rowCount)
        for i in rows {
            for j in rows where i <= j {
                let expected = zip(row(i), row(j)).reduce(0) { $0 + $1.0 * $1.1 }
                let actual = products[packedIndex(i, j, count: rowCount)]
                #expect(abs(actual - expected) < 1e-14 * Double(columnCount), "\(i), \(j)")
            }
        }
    }

    @Test func memoryIsBoundedWhateverTheNumberOfRows() {
        var scratch = RowProducts<Float>()
        _ = scratch.products(rowCount: 3000, columnCount: 600) { _, _, _ in }
        #expect(scratch.byteCount <= 12 << 20)
    }

    @Test func packedEntriesFollowEachOther() {
        let count = 7
        let places = (0..<count).flatMap { row in (row..<count).map { packedIndex(row, $0, count: count) } }
        #expect(places == Array(0..<count * (count + 1) / 2))
    }
}
