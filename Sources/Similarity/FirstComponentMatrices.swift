/// What the first components of a window's batches say about its layers.
public struct FirstComponentMatrices: Sendable {
    /// The number of layers, *L*.
    public let layerCount: Int

    /// The number of batches of which components were computed.
    public let batchCount: Int

    /// The number of examples in these batches, counted once for each batch that they are in.
    public let exampleCount: Int

    /// For each layer the number of batches on which its component is defined.
    public let definedBatchCounts: [Int]

    /// For each layer the share of the variance that its first component carries, Σ λ₁ ÷ Σ tr; NaN where undefined.
    public let fractions: [Double]

    /// How far the first components of two layers are the same, the mean of ⟨u₁, v₁⟩² over the batches weighted by their
    /// size; *L* × *L*, row by row, NaN where undefined.
    public let alignments: [Double]

    /// CKA of the layers without their first components; *L* × *L*, row by row, NaN where undefined.
    public let similarities: [Double]

    /// The layers whose component is undefined, and why.
    public let undefinedLayers: [Int: UndefinedComponent]

    /// The layers of which nothing is compared without the component, and why.
    public let layersWithoutRest: [Int: UndefinedComponent]

    /// Computes the figures.
    ///
    /// - Complexity: O(*L*²).
    public init(_ sums: FirstComponentAccumulator) {
        let count = sums.layerCount
        self.layerCount = count
        self.batchCount = sums.batchCount
        self.exampleCount = sums.exampleCount
        self.definedBatchCounts = sums.definedBatchCounts
        self.fractions = sums.fractions
        self.alignments = squareMatrix(count) { row, upper in
            for index in upper.indices {
                upper[index] = sums.alignment(row, row + index)
            }
        }
        let similarities = squareMatrix(count) { row, upper in
            for index in upper.indices {
                upper[index] = sums.similarity(row, row + index)
            }
        }
        self.similarities = similarities
        var undefinedLayers: [Int: UndefinedComponent] = [:]
        var layersWithoutRest: [Int: UndefinedComponent] = [:]
        for (layer, reason) in sums.undefined.enumerated() {
            undefinedLayers[layer] = reason
            if similarities[layer * (count + 1)].isNaN {
                layersWithoutRest[layer] = reason ?? .noRest
            }
        }
        self.undefinedLayers = undefinedLayers
        self.layersWithoutRest = layersWithoutRest
    }
}
