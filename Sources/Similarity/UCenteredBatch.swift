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
        let isDouble = rows.contains { self.grams[$0].entries.isDouble }
        let cosines =
            if isDouble {
                self.cosines(of: rows, in: &workspace.doubleProducts)
            } else {
                self.cosines(of: rows, in: &workspace.singleProducts)
            }

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

    /// The inner products between the given layers' upper triangles at unit norm.
    private func cosines<Scalar>(of rows: [Int], in scratch: inout RowProducts<Scalar>) -> [Double] {
        scratch.products(
            rowCount: rows.count,
            columnCount: self.exampleCount * (self.exampleCount - 1) / 2
        ) { row, columns, destination in
            self.grams[rows[row]].entries.copy(columns, to: &destination)
        }
    }
}

extension UCenteredGram.Entries {
    /// Whether the numbers are in Float64.
    var isDouble: Bool {
        if case .double = self { true } else { false }
    }

    /// Copies a range of the entries, converted to the destination's precision.
    func copy<Scalar: KernelScalar>(_ range: Range<Int>, to destination: inout MutableSpan<Scalar>) {
        switch self {
        case .single(let entries):
            // SAFETY: Every byte of a Float is initialized.
            Scalar.convert(unsafe entries.span.extracting(range).bytes, .float32, scale: 1, to: &destination)
        case .double(let entries):
            // SAFETY: Every byte of a Double is initialized.
            Scalar.convert(unsafe entries.span.extracting(range).bytes, .float64, scale: 1, to: &destination)
        }
    }
}
