internal import Monitoring
internal import Similarity

/// The products between all layers of a batch, which several workers may share.
///
/// Whoever takes the job takes one further part after the other, as long as there are any.
struct ProductsJob: Sendable {
    /// The batch.
    let batch: BatchID

    /// The Gram matrices of its layers.
    let grams: UCenteredBatch

    /// The part that the worker begins with.
    let firstPart: Int

    /// About how many floating-point operations the worker may be at: how many parts there are for it, nobody knows.
    var cost: Double { Self.cost(of: self.grams) }

    /// About how many floating-point operations all parts of a batch take, and at the end as many for what is left of the
    /// layers without their first components.
    static func cost(of grams: UCenteredBatch) -> Double {
        let (layerCount, exampleCount) = (Double(grams.grams.count), Double(grams.exampleCount))
        let hasComponents = grams.grams.allSatisfy { $0.firstComponent != nil }
        return layerCount * layerCount * exampleCount * (exampleCount - 1) / (hasComponents ? 1 : 2)
    }
}
