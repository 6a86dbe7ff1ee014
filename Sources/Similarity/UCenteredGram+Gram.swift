internal import LinearAlgebra

extension UCenteredGram {
    /// Computes the U-centred form of a Gram matrix that came ready-made.
    ///
    /// The layer is constant where U-centring leaves no more than 1e-6 of the matrix: that much is rounding.
    ///
    /// - Parameters:
    ///   - gram: The matrix, little-endian, with any alignment: *n* × *n*, or with `isPacked` its upper triangle with
    ///     the diagonal, row by row. Of a square matrix the lower triangle is taken to mirror the upper one.
    ///   - elementType: How the numbers are stored.
    ///   - isPacked: Whether the lower triangle is left out.
    ///   - exampleCount: The number of rows, *n*.
    ///   - withFirstComponent: Whether the first component is looked for.
    ///   - workspace: Scratch memory.
    /// - Throws: ``NonFiniteError`` when any number is NaN or infinite, in whichever triangle.
    /// - Precondition: `exampleCount > 3`, and `gram` has the size that the other parameters say.
    /// - Complexity: O(*n*²).
    public init(
        gram: RawSpan,
        elementType: ElementType,
        isPacked: Bool,
        exampleCount: Int,
        withFirstComponent: Bool = false,
        workspace: inout Workspace
    ) throws(NonFiniteError) {
        var layout = SymmetricLayout(elementType: elementType, rowCount: exampleCount, isPacked: isPacked)
        precondition(gram.byteCount == layout.byteCount, "\(gram.byteCount) bytes for \(exampleCount) examples")
        if elementType == .float64 {
            // A look at every number, those left of the diagonal included.
            let largest = largestMagnitude(of: gram, elementType: elementType)
            guard largest.isFinite else { throw NonFiniteError() }
            // Brings the largest number to about 1, as far as a Float64 power of two goes.
            let exponent = largest > 0 ? min(max(-Int(largest.exponent), -1000), 1000) : 0
            layout.scale = Double(sign: .plus, exponent: exponent, significand: 1)
            layout.isWhole = false
            let triangle = try UCenteredTriangle(
                of: gram,
                layout,
                into: &workspace.doubleFinder.matrix,
                isFolding: withFirstComponent
            )
            self.init(triangle, exponent: -exponent, elementType, withFirstComponent, &workspace.doubleFinder)
        } else {
            let triangle = try UCenteredTriangle(
                of: gram,
                layout,
                into: &workspace.singleFinder.matrix,
                isFolding: withFirstComponent
            )
            self.init(triangle, exponent: 0, elementType, withFirstComponent, &workspace.singleFinder)
        }
    }

    /// Takes a U-centred matrix over, unless the layer is constant: ‖K̃‖ ≤ 1e-6·‖K‖.
    private init<Scalar>(
        _ triangle: UCenteredTriangle<Scalar>,
        exponent: Int,
        _ elementType: ElementType,
        _ withFirstComponent: Bool,
        _ finder: inout FirstComponentFinder<Scalar>
    ) {
        if triangle.norm <= 1e-6 * triangle.fullNorm {
            self.init(constantWith: triangle.exampleCount, withFirstComponent: withFirstComponent)
        } else {
            self.init(
                triangle,
                exponent: exponent,
                elementType: elementType,
                withFirstComponent: withFirstComponent,
                finder: &finder
            )
        }
    }
}
