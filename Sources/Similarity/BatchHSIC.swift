/// One batch's whole contribution to any similarity matrix: the inner products between all its layers.
///
/// ⟨K̃ᵢ, K̃ⱼ⟩ = n(n − 3)·HSIC₁(Kᵢ, Kⱼ), unbiased: Song et al. 2012, equation 5; Nguyen, Raghu & Kornblith 2021,
/// equation 3.
public struct BatchHSIC: Hashable, Sendable {
    /// The number of examples, *n*.
    public let exampleCount: Int

    /// The number of layers, *L*.
    public let layerCount: Int

    /// The inner products, the upper triangle with the diagonal, row by row: *L*(*L* + 1) / 2 numbers.
    ///
    /// On the diagonal are the self terms ‖K̃ᵢ‖². The row and column of a constant layer are zero.
    public let products: [Double]

    /// For each layer the trace of its doubly centred Gram matrix.
    public let traces: [Double]

    /// For each layer whether the examples of the batch differ by no more than rounding.
    public let isConstant: [Bool]

    /// What the layers' first components contribute; `nil` where they were not computed.
    public let firstComponents: BatchFirstComponents?

    /// Creates a contribution from numbers that were computed before.
    ///
    /// - Precondition: `exampleCount > 3`, and the arrays fit each other.
    public init(
        exampleCount: Int,
        products: [Double],
        traces: [Double],
        isConstant: [Bool],
        firstComponents: BatchFirstComponents? = nil
    ) {
        precondition(exampleCount > 3, "HSIC needs more than 3 examples, got \(exampleCount)")
        precondition(
            products.count == traces.count * (traces.count + 1) / 2 && isConstant.count == traces.count,
            "\(products.count) products do not belong to \(traces.count) layers"
        )
        precondition(
            firstComponents.map { $0.layerCount == traces.count && $0.exampleCount == exampleCount } ?? true,
            "The first components are of another batch"
        )
        self.exampleCount = exampleCount
        self.layerCount = traces.count
        self.products = products
        self.traces = traces
        self.isConstant = isConstant
        self.firstComponents = firstComponents
    }
}
