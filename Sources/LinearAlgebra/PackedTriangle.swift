/// Where an entry of a symmetric matrix is when only its upper triangle is stored, row by row with the diagonal.
///
/// - Parameters:
///   - row: The entry's row.
///   - column: The entry's column, at least `row`.
///   - count: The number of rows of the matrix.
/// - Returns: The entry's place among the stored ones.
package func packedIndex(_ row: Int, _ column: Int, count: Int) -> Int {
    row * (2 * count - row - 1) / 2 + column
}
