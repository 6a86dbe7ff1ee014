internal import LinearAlgebra

/// The U-centred Gram matrices of all layers on one batch.
public struct UCenteredBatch: Sendable {
    /// The matrices, in the layers' order.
    public let grams: [UCenteredGram]

    /// Creates a batch from its layers.
    ///
    /// - Precondition: There is a layer, and all layers saw the same number of examples.
    public init(grams: [UCenteredGram]) {
        precondition(!grams.isEmpty, "A batch has at least one layer")
        precondition(
            grams.allSatisfy { $0.exampleCount == grams[0].exampleCount },
            "The layers of a batch see the same examples"
        )
        self.grams = grams
    }

    /// The number of examples, *n*.
    public var exampleCount: Int { self.grams[0].exampleCount }

    /// The inner products between all layers.
    ///
    /// The matrices' upper triangles, at unit norm, are the rows of one symmetric product: in Float32, or in Float64
    /// when any layer is. The norms are multiplied in afterwards, in Float64.
    ///
    /// - Parameter workspace: Scratch memory, bounded however many layers there are.
    /// - Returns: The batch's whole contribution.
    /// - Complexity: O(*L*² *n*²) for *L* layers.
    public func hsic(workspace: inout Workspace) -> BatchHSIC {
        // A matrix of no norm has no product with anything.
        let rows = self.grams.indices.filter { self.grams[$0].norm > 0 }
        let cosines = workspace.products(
            of: rows.map { self.grams[$0].entries },
            columnCount: self.exampleCount * (self.exampleCount - 1) / 2
        )

        let layerCount = self.grams.count
        var products = [Double](repeating: 0, count: layerCount * (layerCount + 1) / 2)
        var next = 0
        for (position, row) in rows.enumerated() {
            let norm = self.grams[row].norm
            products[packedIndex(row, row, count: layerCount)] = norm * norm
            for column in rows[(position + 1)...] {
                next += 1
                // Both triangles count, and only one was multiplied.
                products[packedIndex(row, column, count: layerCount)] =
                    2 * cosines[next] * norm * self.grams[column].norm
            }
            next += 1
        }
        return BatchHSIC(
            exampleCount: self.exampleCount,
            products: products,
            traces: self.grams.map(\.trace),
            isConstant: self.grams.map(\.isConstant),
            firstComponents: self.firstComponents(workspace: &workspace)
        )
    }
}
