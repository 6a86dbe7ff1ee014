internal import LinearAlgebra

/// A layer's U-centred Gram matrix on one batch: what is left of the layer once its activations are gone.
///
/// The strict upper triangle is kept in units near the norm that the matrix had before it was U-centred, and the norm next
/// to it in Float64: activations of 1e-15 or 1e15 neither under- nor overflow when two layers are multiplied. Layers of
/// Float64 keep Float64 entries, all others Float32.
public struct UCenteredGram: Sendable {
    /// The number of examples, *n*.
    public let exampleCount: Int

    /// The Frobenius norm ‖K̃‖ of the U-centred matrix, both triangles; zero when constant.
    ///
    /// Its square is the layer's self term, n(n − 3)·HSIC₁(K, K). Zero or infinite also where Float64 cannot hold it.
    public let norm: Double

    /// The trace of the doubly centred Gram matrix, tr(*H K H*) = ‖Xc‖²; zero when constant.
    public let trace: Double

    /// Whether the examples of the batch differ by no more than rounding.
    public let isConstant: Bool

    /// The strict upper triangle, row by row, in units; empty when the norm is zero.
    let entries: StoredNumbers

    /// What the entries are to be multiplied by.
    let unit: Double

    /// What was found of the layer's first component; `nil` where nobody asked for it.
    public let firstComponent: FirstComponentFinding?

    /// The size of the entries in memory, and of the first component's where there is one.
    public var byteCount: Int {
        guard case .found(let component)? = self.firstComponent else { return self.entries.byteCount }
        return self.entries.byteCount + component.byteCount
    }

    /// Creates the matrix of a layer that tells no two examples of the batch apart.
    init(constantWith exampleCount: Int, withFirstComponent: Bool) {
        self.exampleCount = exampleCount
        self.norm = 0
        self.trace = 0
        self.isConstant = true
        self.entries = .none
        self.unit = 0
        self.firstComponent = withFirstComponent ? .undefined(.constant) : nil
    }

    /// Creates the matrix from one that was U-centred.
    ///
    /// - Parameters:
    ///   - triangle: The U-centred form of the Gram matrix of activations multiplied by a power of two, or of the multiplied
    ///     matrix itself.
    ///   - exponent: Of the power of two that is to be multiplied in again.
    ///   - elementType: How the layer's numbers came.
    ///   - withFirstComponent: Whether the first component is looked for.
    ///   - finder: Finds it.
    init<Scalar>(
        _ triangle: UCenteredTriangle<Scalar>,
        exponent: Int,
        elementType: ElementType,
        withFirstComponent: Bool,
        finder: inout FirstComponentFinder<Scalar>
    ) {
        // Examples that are all equally far apart, such as one-hot vectors, have a U-centred matrix of nothing but
        // rounding. It must not be blown up.
        let isRounding = triangle.norm <= 1e-13 * triangle.fullNorm
        let isDouble = elementType == .float64
        self.exampleCount = triangle.exampleCount
        self.norm = isRounding ? 0 : Double(sign: .plus, exponent: exponent, significand: triangle.norm)
        self.unit = Double(sign: .plus, exponent: exponent, significand: triangle.unit)
        self.trace = Double(sign: .plus, exponent: exponent, significand: triangle.trace)
        self.isConstant = false
        if self.norm > 0 {
            self.entries = StoredNumbers(triangle.entries, isDouble: isDouble)
            self.firstComponent =
                withFirstComponent
                ? finder.firstComponent(of: triangle, exponent: exponent, isDouble: isDouble) : nil
        } else {
            self.entries = .none
            self.firstComponent = withFirstComponent ? .undefined(isRounding ? .noGap : .outOfRange) : nil
        }
    }
}
