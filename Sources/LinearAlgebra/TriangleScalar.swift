/// A precision that the part of a symmetric matrix right of its diagonal can be stored in: `Float` or `Double`.
///
/// A triangle is packed, row by row; for *n* rows it has *n*(*n* − 1)/2 entries. Sums are in Float64.
package protocol TriangleScalar: BinaryFloatingPoint, BitwiseCopyable, Sendable {
    /// Computes *A x* − α *x* − β *p*, without its components along (1, …, 1) and along `excluded`.
    ///
    /// - Parameters:
    ///   - triangle: The matrix *A* right of its diagonal.
    ///   - diagonal: The diagonal of *A*.
    ///   - current: *x*, of unit length and orthogonal to (1, …, 1) and `excluded`.
    ///   - previous: *p*.
    ///   - beta: β.
    ///   - excluded: A vector of unit length and orthogonal to (1, …, 1), or zero.
    ///   - next: Room for the result.
    /// - Returns: α = *xᵀ A x*, and the squared length of the result.
    static func lanczosStep(
        triangle: Span<Self>,
        diagonal: Span<Double>,
        current: Span<Double>,
        previous: Span<Double>,
        beta: Double,
        excluded: Span<Double>,
        next: inout MutableSpan<Double>
    ) -> (alpha: Double, squares: Double)

    /// Writes tᵢⱼ − λ uᵢ uⱼ + oᵢ + oⱼ for every entry of a triangle.
    ///
    /// - Returns: The sum of the squares of what was written.
    static func removeOuterProduct(
        of vector: Span<Double>,
        times lambda: Double,
        offsets: Span<Double>,
        from triangle: Span<Self>,
        into result: inout MutableSpan<Self>
    ) -> Double
}
