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
    /// The matrices' upper triangles, in their units, are the rows of one symmetric product: in Float32, or in Float64
    /// when any layer is. The units are multiplied in afterwards, in Float64.
    ///
    /// - Parameter workspace: Scratch memory, bounded however many layers there are.
    /// - Returns: The batch's whole contribution.
    /// - Complexity: O(*L*² *n*²) for *L* layers.
    public func hsic(workspace: inout Workspace) -> BatchHSIC {
        self.hsic(summing: [self.pairShare(of: self.columns, workspace: &workspace)], workspace: &workspace)
    }

    // MARK: Shared by threads

    /// What the entries in some columns of the layers' triangles contribute to the inner products.
    public struct PairShare: Sendable {
        /// The products between the layers that have a norm, in their units.
        fileprivate let products: [Double]

        /// The size of a share in memory.
        public static func byteCount(layerCount: Int) -> Int {
            layerCount * (layerCount + 1) / 2 * MemoryLayout<Double>.stride
        }
    }

    /// The fewest operations that are worth a share of their own: a fifth of a millisecond.
    private static let leastOperationCount = 2e7

    /// In how many shares threads had best compute the inner products.
    ///
    /// Every share has a product for each two layers: together they take no more memory than the triangles, and each
    /// has enough columns for what it writes.
    ///
    /// - Parameters:
    ///   - layerCount: The number of layers, *L*.
    ///   - exampleCount: The number of examples, *n*.
    ///   - threadCount: The number of threads.
    /// - Returns: At most one share for each thread.
    public static func shareCount(layerCount: Int, exampleCount: Int, threadCount: Int) -> Int {
        let columnCount = exampleCount * (exampleCount - 1) / 2
        let operationCount = Double(layerCount * layerCount) * Double(columnCount)
        let most = min(operationCount / Self.leastOperationCount, Double(columnCount / max(layerCount, 256)))
        return min(threadCount, max(1, Int(most)))
    }

    /// All columns of the triangles, in parts.
    public func columns(inParts count: Int) -> [Range<Int>] {
        (0..<count).map { part in
            self.columns.count * part / count..<self.columns.count * (part + 1) / count
        }
    }

    /// Computes a share of the inner products between all layers.
    ///
    /// - Parameters:
    ///   - columns: Some of the columns that ``columns(inParts:)`` gives.
    ///   - workspace: Scratch memory.
    /// - Returns: What ``hsic(summing:workspace:)`` adds up.
    public func pairShare(of columns: Range<Int>, workspace: inout Workspace) -> PairShare {
        PairShare(
            products: workspace.products(of: self.layersWithNorm.map { self.grams[$0].entries }, columns: columns)
        )
    }

    /// The inner products between all layers, from their shares.
    ///
    /// - Parameters:
    ///   - shares: Those of all columns, in an order that is the same every time.
    ///   - workspace: Scratch memory.
    /// - Returns: The batch's whole contribution.
    public func hsic(summing shares: [PairShare], workspace: inout Workspace) -> BatchHSIC {
        let rows = self.layersWithNorm
        let layerCount = self.grams.count
        var shared = shares.first?.products ?? []
        for share in shares.dropFirst() {
            shared.add(share.products, multipliedBy: 1)
        }
        let units = self.grams.map(\.unit)
        var products = [Double](repeating: 0, count: layerCount * (layerCount + 1) / 2)
        var next = 0
        for (position, row) in rows.enumerated() {
            let (norm, unit) = (self.grams[row].norm, units[row])
            // Where a product with layer 0 would stand: those of a row are neighbours.
            let start = packedIndex(row, row, count: layerCount) - row
            products[start + row] = norm * norm
            for column in rows[(position + 1)...] {
                next += 1
                // Both triangles count, and only one was multiplied.
                products[start + column] = 2 * shared[next] * unit * units[column]
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

    /// The columns of the layers' triangles.
    var columns: Range<Int> { 0..<self.exampleCount * (self.exampleCount - 1) / 2 }

    /// A matrix of no norm has no product with anything.
    private var layersWithNorm: [Int] {
        self.grams.indices.filter { self.grams[$0].norm > 0 }
    }
}
