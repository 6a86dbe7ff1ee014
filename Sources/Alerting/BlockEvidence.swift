public import WireFormat

/// What the first principal component says of a block: how much of it there is, and which examples carry it.
public struct BlockEvidence: Hashable, Sendable {
    /// The share of the variance that the first component has, between 0 and 1, mean over the block's layers.
    public var fraction: Double?

    /// The examples with the largest share in the component, the largest first.
    public var dominantExamples: [DominantExample]

    /// Creates evidence.
    public init(fraction: Double?, dominantExamples: [DominantExample]) {
        self.fraction = fraction
        self.dominantExamples = dominantExamples
    }
}

/// An example that carries a block.
public struct DominantExample: Hashable, Sendable {
    /// The name of the probe set.
    public var probe: String?

    /// The index of its batch in the pass.
    public var batch: Int?

    /// Its row in the batch.
    public var row: Int

    /// The emitter's own name of it, a number or a text; `null` where it gave none.
    public var id: JSONValue

    /// Its share in the component, between 0 and 1.
    public var share: Double

    /// Creates an example.
    public init(probe: String?, batch: Int?, row: Int, id: JSONValue, share: Double) {
        self.probe = probe
        self.batch = batch
        self.row = row
        self.id = id
        self.share = share
    }
}
