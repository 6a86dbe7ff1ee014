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
        var share = self.emptyShare
        for part in 0..<self.partCount {
            self.add(part: part, to: &share, workspace: &workspace)
        }
        return self.hsic(summing: [share], workspace: &workspace)
    }

    // MARK: Shared by threads

    /// What the entries in some parts of the layers' triangles contribute to the inner products.
    public struct PairShare: Sendable {
        /// The products between the layers that have a norm, in their units.
        fileprivate var products: [Double]

        /// The size of a share in memory.
        public static func byteCount(layerCount: Int) -> Int {
            layerCount * (layerCount + 1) / 2 * MemoryLayout<Double>.stride
        }
    }

    /// The fewest operations that are worth a part of their own: a fifth of a millisecond.
    private static let leastOperationCount = 2e7

    /// The most parts: a sum in Float32 ends with its part.
    private static let mostParts = 16

    /// In how many parts the columns of the triangles are multiplied.
    ///
    /// It does not depend on who multiplies them: however threads share the parts, the products are the same, but for the
    /// last digits of the Float64 that parts are added up in. Together, the products of all parts take no more memory than
    /// the triangles, and each part has enough columns for what it writes.
    private static func partCount(layerCount: Int, columnCount: Int) -> Int {
        let operationCount = Double(layerCount * layerCount) * Double(columnCount)
        let most = min(operationCount / Self.leastOperationCount, Double(columnCount / max(layerCount, 256)))
        return max(1, Int(min(most, Double(Self.mostParts))))
    }

    /// In how many parts the batch's inner products can be computed.
    public var partCount: Int {
        Self.partCount(layerCount: self.grams.count, columnCount: self.columnCount)
    }

    /// In how many shares threads had best compute the inner products.
    ///
    /// - Parameters:
    ///   - layerCount: The number of layers, *L*.
    ///   - exampleCount: The number of examples, *n*.
    ///   - threadCount: The number of threads.
    /// - Returns: At most one share for each thread, and for each part.
    public static func shareCount(layerCount: Int, exampleCount: Int, threadCount: Int) -> Int {
        let columnCount = exampleCount * (exampleCount - 1) / 2
        return min(threadCount, Self.partCount(layerCount: layerCount, columnCount: columnCount))
    }

    /// A share without any part.
    public var emptyShare: PairShare {
        let rowCount = self.layersWithNorm.count
        return PairShare(products: Array(repeating: 0, count: rowCount * (rowCount + 1) / 2))
    }

    /// Adds a part of the inner products between all layers to a share.
    ///
    /// - Parameters:
    ///   - part: One of ``partCount``.
    ///   - share: One of those that ``hsic(summing:workspace:)`` adds up.
    ///   - workspace: Scratch memory.
    public func add(part: Int, to share: inout PairShare, workspace: inout Workspace) {
        workspace.addProducts(
            of: self.layersWithNorm.map { self.grams[$0].entries },
            columns: self.columns(ofPart: part),
            before: self.columnCount,
            to: &share.products
        )
    }

    /// A part's columns: but for the last part's, a multiple of what a product takes at a time.
    private func columns(ofPart part: Int) -> Range<Int> {
        func start(_ part: Int) -> Int {
            part == self.partCount ? self.columnCount : self.columnCount * part / self.partCount / 256 * 256
        }
        return start(part)..<start(part + 1)
    }

    /// The inner products between all layers, from their shares.
    ///
    /// - Parameters:
    ///   - shares: Those that have every part once.
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

    /// The number of columns of the layers' triangles.
    var columnCount: Int { self.exampleCount * (self.exampleCount - 1) / 2 }

    /// A matrix of no norm has no product with anything.
    private var layersWithNorm: [Int] {
        self.grams.indices.filter { self.grams[$0].norm > 0 }
    }
}
