public import Similarity

/// What blocks are sought in: the similarities of the layers, and the sums from which their errors follow.
public struct LayerSimilarities: Sendable {
    /// The number of layers, *L*.
    public let layerCount: Int

    /// The CKA of every two layers, *L* × *L*, row by row, of which the upper triangle is read; NaN where undefined.
    public let values: [Double]

    /// For each layer how far one direction dominates it; NaN where undefined or not known.
    public let dominance: [Double]

    /// For each group of examples that holds any, the sums for every two layers: upper triangles with the diagonal, row by
    /// row.
    public let errorProducts: [[Double]]

    /// Creates similarities from numbers.
    ///
    /// - Parameters:
    ///   - layerCount: The number of layers, *L*.
    ///   - values: *L* × *L* similarities; what is not finite is undefined.
    ///   - dominance: *L* numbers, or `nil` where they are not known.
    ///   - errorProducts: For each group of examples *L*(*L* + 1) / 2 sums. Groups whose self terms are all zero hold
    ///     nothing and are left out.
    /// - Precondition: The arrays have these sizes.
    public init(layerCount: Int, values: [Double], dominance: [Double]? = nil, errorProducts: [[Double]] = []) {
        precondition(
            values.count == layerCount * layerCount && dominance?.count ?? layerCount == layerCount
                && errorProducts.allSatisfy { $0.count == layerCount * (layerCount + 1) / 2 },
            "The similarities are not those of \(layerCount) layers"
        )
        self.layerCount = layerCount
        self.values = values.contains(where: \.isInfinite) ? values.map { $0.isFinite ? $0 : .nan } : values
        self.dominance = dominance ?? [Double](repeating: .nan, count: layerCount)
        self.errorProducts = errorProducts.filter { products in
            (0..<layerCount).contains { products[packedRow($0, count: layerCount).lowerBound] != 0 }
        }
    }

    /// Takes the similarities of a matrix.
    ///
    /// - Parameters:
    ///   - matrix: The matrix.
    ///   - errorGroups: The groups of examples that standard errors are taken from; those without a batch do not count.
    /// - Precondition: The groups are of the matrix's layers.
    public init(_ matrix: CKAMatrix, errorGroups: [HSICAccumulator] = []) {
        self.init(
            layerCount: matrix.layerCount,
            values: matrix.values,
            dominance: matrix.dominance,
            errorProducts: errorGroups.filter { !$0.isEmpty }.map(\.products)
        )
    }

    /// Computes the similarities of a window, without the standard error of each, which would cost more than all blocks.
    ///
    /// - Parameters:
    ///   - groups: The sums of disjoint sets of examples.
    ///   - errorGroups: The groups to take standard errors from, when not `groups`.
    /// - Precondition: There is a group, and all have the same number of layers.
    /// - Complexity: O(*g* *L*²) for *g* groups.
    public init(groups: [HSICAccumulator], errorGroups: [HSICAccumulator]? = nil) {
        self.init(CKAMatrix(groups: groups, errorGroups: []), errorGroups: errorGroups ?? groups)
    }

    /// Whether the layer has a similarity with itself, and so with others.
    func isDefined(_ layer: Int) -> Bool {
        self.values[layer * self.layerCount + layer].isFinite
    }

    /// The similarities of some of the layers.
    func restricted(to layers: [Int]) -> LayerSimilarities {
        guard layers.count < self.layerCount else { return self }
        let count = self.layerCount
        var values: [Double] = []
        values.reserveCapacity(layers.count * layers.count)
        for row in layers {
            for column in layers {
                values.append(self.values[row * count + column])
            }
        }
        let products = self.errorProducts.map { products in
            var restricted: [Double] = []
            restricted.reserveCapacity(layers.count * (layers.count + 1) / 2)
            for (place, row) in layers.enumerated() {
                let rowStart = packedRow(row, count: count).lowerBound - row
                restricted += layers[place...].map { products[rowStart + $0] }
            }
            return restricted
        }
        return LayerSimilarities(
            layerCount: layers.count,
            values: values,
            dominance: layers.map { self.dominance[$0] },
            errorProducts: products
        )
    }
}
