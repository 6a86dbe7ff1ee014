/// What the first components of all layers on one batch contribute to a window.
///
/// A layer whose component is undefined on the batch contributes nothing, and so does every pair that it is in.
public struct BatchFirstComponents: Hashable, Sendable {
    /// The number of examples, *n*.
    public let exampleCount: Int

    /// For each layer why its component, or what is left without it, is undefined; `nil` where both are there.
    ///
    /// With ``UndefinedComponent/noRest`` the component itself is there.
    public let undefined: [UndefinedComponent?]

    /// For each layer λ₁; zero where undefined.
    public let eigenvalues: [Double]

    /// ⟨u₁, v₁⟩² of every two layers, the upper triangle with the diagonal, row by row; zero where undefined.
    public let alignments: [Double]

    /// n(n − 3)·HSIC₁ of every two layers without their first components, laid out as ``alignments``; zero where
    /// undefined.
    public let restProducts: [Double]

    /// The shares of the examples, u₁ᵢ²: for each layer, one after the other, a number for each example; zero where
    /// undefined.
    public let shares: [Float]

    /// Creates a contribution from numbers that were computed before.
    ///
    /// - Precondition: The arrays fit each other.
    public init(
        exampleCount: Int,
        undefined: [UndefinedComponent?],
        eigenvalues: [Double],
        alignments: [Double],
        restProducts: [Double],
        shares: [Float]
    ) {
        let layerCount = undefined.count
        precondition(
            eigenvalues.count == layerCount && alignments.count == layerCount * (layerCount + 1) / 2
                && restProducts.count == alignments.count && shares.count == layerCount * exampleCount,
            "The numbers do not belong to \(layerCount) layers"
        )
        self.exampleCount = exampleCount
        self.undefined = undefined
        self.eigenvalues = eigenvalues
        self.alignments = alignments
        self.restProducts = restProducts
        self.shares = shares
    }

    /// The number of layers, *L*.
    public var layerCount: Int { self.undefined.count }

    /// Whether a layer has a first component on this batch.
    public func isDefined(_ layer: Int) -> Bool {
        self.undefined[layer].map { $0 == .noRest } ?? true
    }

    /// Whether anything is left of a layer without its first component.
    public func hasRest(_ layer: Int) -> Bool {
        self.undefined[layer] == nil
    }

    /// The size in memory of a contribution, at most.
    public static func byteCount(layerCount: Int, exampleCount: Int) -> Int {
        let triangles = layerCount * (layerCount + 1) * MemoryLayout<Double>.stride
        return triangles + layerCount * (exampleCount * MemoryLayout<Float>.stride + 16)
    }
}
