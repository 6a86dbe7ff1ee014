import LinearAlgebra
import Testing

@Suite struct RowProductsTests {
    /// Beyond 1024 rows the matrix is taken in blocks.
    @Test(arguments: [(0, 7), (1, 7), (2, 20_000), (5, 513), (40, 100), (1030, 3), (2050, 2)])
    func equalTheDefinition(rowCount: Int, columnCount: Int) {
        let values = numbers(rowCount * columnCount, seed: 8)
        func row(_ index: Int) -> ArraySlice<Double> { values[index * columnCount..<(index + 1) * columnCount] }

        var scratch = RowProducts<Double>()
        let stored = (0..<rowCount).map { StoredNumbers.double(FixedNumbers(Array(row($0)))) }
        let products = scratch.products(of: stored, columns: 0..<columnCount)

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
        let row = StoredNumbers.single(FixedNumbers([Float](repeating: 1, count: 600)))
        _ = scratch.products(of: Array(repeating: row, count: 3000), columns: 0..<600)
        #expect(scratch.byteCount <= 12 << 20)
    }

    /// One row in Float64 among others in Float32, and fewer and more rows than stand side by side in a vector.
    @Test(arguments: [1, 7, 8, 9, 16, 17, 24, 25, 40])
    func rowsOfEitherPrecisionAreMultiplied(rowCount: Int) {
        let columnCount = 300
        let rows = (0..<rowCount).map { numbers(columnCount, seed: UInt64($0 + 1)).map { Double(Float($0)) } }
        let stored = rows.enumerated().map { index, row in
            index == rowCount / 2
                ? StoredNumbers.double(FixedNumbers(row)) : .single(FixedNumbers(row.map { Float($0) }))
        }
        var inDouble = RowProducts<Double>()
        let products = inDouble.products(of: stored, columns: 0..<columnCount)
        var inSingle = RowProducts<Float>()
        let singles = rows.map { StoredNumbers.single(FixedNumbers($0.map { Float($0) })) }
        let rounded = inSingle.products(of: singles, columns: 0..<columnCount)
        for i in 0..<rowCount {
            for j in i..<rowCount {
                let expected = zip(rows[i], rows[j]).reduce(0) { $0 + $1.0 * $1.1 }
                let place = packedIndex(i, j, count: rowCount)
                #expect(abs(products[place] - expected) < 1e-12, "\(i), \(j)")
                #expect(abs(rounded[place] - expected) < 1e-4, "\(i), \(j)")
            }
        }
    }

    /// Two blocks of rows, of which each has a row of the other precision.
    @Test func precisionsMixInEveryBlock() {
        let (rowCount, columnCount) = (1030, 3)
        let rows = (0..<rowCount).map { numbers(columnCount, seed: UInt64($0 + 1)).map { Double(Float($0)) } }
        let doubles = [7, 1027]
        let stored = rows.enumerated().map { index, row in
            doubles.contains(index)
                ? StoredNumbers.double(FixedNumbers(row)) : .single(FixedNumbers(row.map { Float($0) }))
        }
        var scratch = RowProducts<Double>()
        let products = scratch.products(of: stored, columns: 0..<columnCount)
        for i in [0, 7, 1023, 1024, 1027, 1029] {
            for j in i..<rowCount {
                let expected = zip(rows[i], rows[j]).reduce(0) { $0 + $1.0 * $1.1 }
                #expect(abs(products[packedIndex(i, j, count: rowCount)] - expected) < 1e-13, "\(i), \(j)")
            }
        }
    }

    @Test func packedEntriesFollowEachOther() {
        let count = 7
        let places = (0..<count).flatMap { row in (row..<count).map { packedIndex(row, $0, count: count) } }
        #expect(places == Array(0..<count * (count + 1) / 2))
    }
}

extension RowProducts {
    fileprivate mutating func products(of rows: [StoredNumbers], columns: Range<Int>) -> [Double] {
        var products = [Double](repeating: 0, count: rows.count * (rows.count + 1) / 2)
        self.add(rows: rows, columns: columns, before: columns.upperBound, to: &products)
        return products
    }
}
