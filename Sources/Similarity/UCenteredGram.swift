internal import LinearAlgebra

/// A layer's U-centred Gram matrix on one batch: what is left of the layer once its activations are gone.
///
/// The strict upper triangle is kept at unit norm, and the norm next to it in Float64: activations of 1e-15 or 1e15
/// neither under- nor overflow when two layers are multiplied. Layers of Float64 keep Float64 entries, all others
/// Float32.
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

    /// The strict upper triangle, row by row, scaled so that both triangles together have norm 1; empty when the norm is
    /// zero.
    let entries: StoredNumbers

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
        self.firstComponent = withFirstComponent ? .undefined(.constant) : nil
    }

    /// Creates the matrix from a Gram matrix.
    ///
    /// - Parameters:
    ///   - gram: The Gram matrix of activations multiplied by a power of two, or the multiplied matrix itself.
    ///   - sums: What U-centring it has found.
    ///   - exponent: Of the power of two that is to be multiplied in again.
    ///   - elementType: How the layer's numbers came.
    ///   - withFirstComponent: Whether the first component is looked for.
    ///   - process: Finds it.
    init<Scalar>(
        of gram: inout GramMatrix<Scalar>,
        sums: UCenteredSums,
        exponent: Int,
        elementType: ElementType,
        withFirstComponent: Bool,
        process: inout LanczosProcess<Scalar>
    ) {
        // Examples that are all equally far apart, such as one-hot vectors, have a U-centred matrix of nothing but
        // rounding. It must not be blown up to unit norm.
        let isRounding = sums.norm <= 1e-13 * sums.fullNorm
        self.exampleCount = gram.exampleCount
        self.norm = isRounding ? 0 : Double(sign: .plus, exponent: exponent, significand: sums.norm)
        self.trace = Double(sign: .plus, exponent: exponent, significand: sums.trace)
        self.isConstant = false
        guard self.norm > 0 else {
            self.entries = .none
            self.firstComponent = withFirstComponent ? .undefined(isRounding ? .noGap : .outOfRange) : nil
            return
        }
        let isDouble = elementType == .float64
        guard withFirstComponent else {
            let triangle = gram.centeredTriangle(subtracting: sums.offsets, scale: 1 / sums.norm)
            self.entries = StoredNumbers(triangle, isDouble: isDouble)
            self.firstComponent = nil
            return
        }
        let spectrum = CenteredSpectrum(diagonal: gram.diagonal, sums)
        (self.entries, self.firstComponent) = gram.withFoldedTriangle(
            subtracting: sums.offsets,
            scale: 1 / sums.norm,
            diagonal: spectrum.diagonal
        ) { triangle, matrix in
            let finding = process.firstComponent(
                of: matrix,
                triangle: triangle,
                spectrum,
                sums: sums,
                exponent: exponent,
                isDouble: isDouble
            )
            return (StoredNumbers(triangle, isDouble: isDouble), finding)
        }
    }
}
