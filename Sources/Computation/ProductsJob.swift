internal import Monitoring
internal import Similarity

/// The products between all layers of a batch, which several workers may share.
///
/// Whoever takes the job takes one part after the other, as long as there are any.
struct ProductsJob: Sendable {
    /// The batch.
    let batch: BatchID

    /// The Gram matrices of its layers.
    let grams: UCenteredBatch

    /// About how many floating-point operations all parts take.
    var cost: Double {
        let (layerCount, exampleCount) = (Double(self.grams.grams.count), Double(self.grams.exampleCount))
        return layerCount * layerCount * exampleCount * (exampleCount - 1) / 2
    }
}
