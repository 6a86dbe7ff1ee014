/// A precision that Gram matrices are computed in: `Float` or `Double`.
///
/// The requirements are the inner loops, each in the precision's own C kernel or BLAS routine. Matrices are row-major.
package protocol KernelScalar: TriangleScalar {
    /// How messages name numbers of this type.
    static var elementType: ElementType { get }

    /// The diagonal entries of a Gram matrix around which nothing over- or underflows: neither the entries nor, in
    /// Float64, the sum of their squares.
    static var safeDiagonal: ClosedRange<Double> { get }

    /// Widens neighbouring columns of activations into `panel`, multiplies by `scale`, and subtracts each column's mean.
    ///
    /// - Parameters:
    ///   - columns: Which features.
    ///   - activations: The bytes of all features, with any alignment.
    ///   - shape: What the bytes are.
    ///   - scale: A power of two.
    ///   - panel: Room for `exampleCount` rows.
    ///   - stride: From one row of `panel` to the next.
    ///   - means: Room for as many numbers as there are columns.
    /// - Returns: What was found out on the way.
    static func center(
        columns: Range<Int>,
        of activations: RawSpan,
        shape: ActivationShape,
        scale: Double,
        into panel: inout MutableSpan<Self>,
        stride: Int,
        means: inout MutableSpan<Self>
    ) -> FeatureSummary

    /// Converts as many numbers of a message as `result` has room for and multiplies them by `scale`.
    static func convert(_ bytes: RawSpan, _ elementType: ElementType, scale: Double, to result: inout MutableSpan<Self>)

    /// The largest magnitude among the numbers of a message; infinity or NaN where any of them is.
    static func largestMagnitude(of bytes: RawSpan, _ elementType: ElementType) -> Double

    /// Adds a row to `totals`, number by number, and returns the sums of the row itself.
    static func add(_ row: Span<Self>, to totals: inout MutableSpan<Double>) -> RowSums

    /// The sum of (row[j] − offset − offsets[j])².
    static func squares(of row: Span<Self>, subtracting offset: Double, _ offsets: Span<Double>) -> Double

    /// Replaces row[j] by (row[j] − offset − offsets[j]) · scale.
    static func subtract(_ offset: Double, _ offsets: Span<Double>, from row: inout MutableSpan<Self>, scale: Double)

    /// Computes the products of every two rows of `matrix`, the upper triangle of a square `result`; with `isAdding`
    /// adds them to what it holds.
    static func multiplyByOwnTranspose(
        _ matrix: Span<Self>,
        rowCount: Int,
        columnCount: Int,
        stride: Int,
        into result: inout MutableSpan<Self>,
        isAdding: Bool
    )

    /// Computes the products of every row of `left` with every row of `right`.
    static func multiply(
        _ left: Span<Self>,
        rowCount: Int,
        byTransposeOf right: Span<Self>,
        rowCount rightRowCount: Int,
        columnCount: Int,
        stride: Int,
        into result: inout MutableSpan<Self>
    )
}

/// What a row of numbers adds up to.
package struct RowSums: Sendable {
    /// The sum of the numbers.
    package let sum: Double

    /// The sum of their squares.
    package let squares: Double
}

/// What centring features finds out on the way.
package struct FeatureSummary: Sendable {
    /// The sum of the features' squared means.
    package internal(set) var squaredMeans = 0.0

    /// Whether any centred entry differs from zero.
    package internal(set) var varies = false
}
