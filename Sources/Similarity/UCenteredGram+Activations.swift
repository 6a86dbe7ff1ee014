internal import LinearAlgebra

extension UCenteredGram {
    /// The most that U-centring may cancel, ‖K‖ / ‖K̃‖ off the diagonal, before Float32's rounding shows in the rest.
    ///
    /// Few examples and very many unrelated features come to more.
    private static let largestSingleCancellation = 16.0

    /// The share of the whole matrix that may be left without the first component before Float32's rounding shows in it.
    private static let leastSingleRest = 1e-4

    /// Computes the U-centred Gram matrix of a layer's activations, widened and centred.
    ///
    /// Float16, BFloat16 and Float32 are multiplied in Float32. Where that over- or underflows, or where U-centring
    /// cancels too much of it, or next to nothing is left without the first component, the layer is computed again in
    /// Float64, if need be multiplied by a power of two: no finite activations are too large or too small.
    ///
    /// - Parameters:
    ///   - activations: One example a row, row-major, little-endian, with any alignment.
    ///   - elementType: How the numbers are stored.
    ///   - exampleCount: The number of rows, *n*.
    ///   - featureCount: The number of columns, *p*.
    ///   - withFirstComponent: Whether the first component is looked for.
    ///   - workspace: Scratch memory.
    /// - Throws: ``NonFiniteError`` when any number is NaN or infinite.
    /// - Precondition: `exampleCount > 3`, `featureCount > 0`, and `activations` has the size that they say.
    /// - Complexity: O(*n*² *p*).
    public init(
        activations: RawSpan,
        elementType: ElementType,
        exampleCount: Int,
        featureCount: Int,
        withFirstComponent: Bool = false,
        workspace: inout Workspace
    ) throws(NonFiniteError) {
        let shape = ActivationShape(elementType: elementType, exampleCount: exampleCount, featureCount: featureCount)
        if elementType != .float64 {
            let features = workspace.singleGram.fill(activations: activations, shape: shape)
            if workspace.singleGram.isInSafeRange || !features.varies {
                let triangle = try workspace.singleGram.uCentered(
                    into: &workspace.singleFinder.matrix,
                    isFolding: withFirstComponent
                )
                if triangle.cancellation <= Self.largestSingleCancellation || !features.varies {
                    self.init(
                        triangle,
                        features,
                        exponent: 0,
                        elementType,
                        withFirstComponent,
                        &workspace.singleFinder
                    )
                    guard case .found(let component)? = self.firstComponent,
                        component.restShare < Self.leastSingleRest
                    else { return }
                }
            }
        }
        var exponent = 0
        var features = workspace.doubleGram.fill(activations: activations, shape: shape)
        if features.varies, !workspace.doubleGram.isInSafeRange {
            let largest = largestMagnitude(of: activations, elementType: elementType)
            guard largest.isFinite else { throw NonFiniteError() }
            // Brings the largest number to about 1, as far as a Float64 power of two goes.
            exponent = min(max(-Int(largest.exponent), -1000), 1000)
            let scale = Double(sign: .plus, exponent: exponent, significand: 1)
            features = workspace.doubleGram.fill(activations: activations, shape: shape, scale: scale)
        }
        let triangle = try workspace.doubleGram.uCentered(
            into: &workspace.doubleFinder.matrix,
            isFolding: withFirstComponent
        )
        self.init(
            triangle,
            features,
            exponent: -2 * exponent,
            elementType,
            withFirstComponent,
            &workspace.doubleFinder
        )
    }

    /// Takes a U-centred matrix over, unless the layer is constant: ‖Xc‖ ≤ 1e-6·‖X‖, or 1e-14 for Float64.
    private init<Scalar>(
        _ triangle: UCenteredTriangle<Scalar>,
        _ features: FeatureSummary,
        exponent: Int,
        _ elementType: ElementType,
        _ withFirstComponent: Bool,
        _ finder: inout FirstComponentFinder<Scalar>
    ) {
        let tolerance = elementType == .float64 ? 1e-14 : 1e-6
        let meanSquares = Double(triangle.exampleCount) * features.squaredMeans
        if triangle.trace <= tolerance * tolerance * (triangle.trace + meanSquares) {
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
