public import WireFormat

/// An example, and its share in the first component of some layers.
public struct ExampleShare: Hashable, Sendable {
    /// The probe set, `nil` where the batch belongs to none.
    public let probe: String?

    /// The batch's index in its pass, `nil` where the emitter did not say.
    public let batch: Int?

    /// The example's row in the batch, from 0.
    public let row: Int

    /// The emitter's name of the example, `nil` where it gave none.
    public let id: ExampleID?

    /// u₁ᵢ², its mean over the layers: all examples of a batch together have 1.
    public let share: Double

    /// The example as messages name it.
    public var json: JSONValue {
        [
            "probe": self.probe.map { .string($0) } ?? .null,
            "batch": self.batch.map { .integer($0) } ?? .null,
            "row": .integer(self.row),
            "id": self.id.map(\.json) ?? .null,
            "share": .number(self.share),
        ]
    }
}

/// The shares of a batch's examples in the first component of every layer.
struct BatchShares: Sendable {
    /// The batch's place among all of its generation.
    let ordinal: Int

    /// The optimizer step.
    let step: Int

    /// The probe set.
    let probe: String?

    /// The batch's index in its pass.
    let batchIndex: Int?

    /// The emitter's names of the examples.
    let examples: [ExampleID]?

    /// The number of examples, *n*.
    let exampleCount: Int

    /// The shares, *L* × *n*; a layer whose component is undefined has zeros.
    let shares: [Float]

    /// Whether another batch holds the same examples: the same place of the same probe set.
    func isOfSameExamples(as other: BatchShares) -> Bool {
        self.probe != nil && self.batchIndex != nil && self.probe == other.probe && self.batchIndex == other.batchIndex
    }

    /// The bytes held.
    var byteCount: Int {
        let names = (self.examples ?? []).reduce(0) { count, id in
            guard case .string(let name) = id else { return count }
            return count + name.utf8.count
        }
        let identities = (self.examples?.count ?? 0) * MemoryLayout<ExampleID>.stride
        return MemoryLayout<Self>.stride + self.shares.count * MemoryLayout<Float>.stride + identities + names
    }

    /// The mean share of every example over some layers, as far as their components are defined.
    ///
    /// - Parameter layers: The layers.
    /// - Returns: A number for each example, `nil` where no layer's component is defined.
    func means(over layers: some Collection<Int>) -> [Double]? {
        let n = self.exampleCount
        var sums = [Double](repeating: 0, count: n)
        var layerCount = 0.0
        for layer in layers where (layer + 1) * n <= self.shares.count {
            let row = self.shares[layer * n..<(layer + 1) * n]
            guard row.contains(where: { $0 > 0 }) else { continue }
            layerCount += 1
            for (example, share) in row.enumerated() {
                sums[example] += Double(share)
            }
        }
        return layerCount > 0 ? sums.map { $0 / layerCount } : nil
    }
}
