internal import LinearAlgebra

/// Makes a symmetric matrix, row by row, from its upper triangle.
///
/// - Parameters:
///   - count: The number of rows.
///   - fillRow: Fills a row from the diagonal to its end.
/// - Returns: Both triangles, count × count numbers.
/// - Complexity: O(count²).
func squareMatrix(_ count: Int, fillRow: (_ row: Int, _ upper: inout MutableSpan<Double>) -> Void) -> [Double] {
    var matrix = [Double](repeating: 0, count: count * count)
    var entries = matrix.mutableSpan
    for row in 0..<count {
        entries.withPart(row * count + row..<(row + 1) * count) { fillRow(row, &$0) }
        for column in row..<count {
            entries[column * count + row] = entries[row * count + column]
        }
    }
    return matrix
}

/// Where a row of a symmetric matrix, from the diagonal to its end, is among the entries of the packed triangle.
package func packedRow(_ row: Int, count: Int) -> Range<Int> {
    packedIndex(row, row, count: count)..<packedIndex(row, count - 1, count: count) + 1
}
