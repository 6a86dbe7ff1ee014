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

    /// About how many floating-point operations wait with the job: all of the products' for the worker who begins with them.
    let cost: Double

    /// About how many floating-point operations all parts of a batch take.
    static func cost(of grams: UCenteredBatch) -> Double {
        let (layerCount, exampleCount) = (Double(grams.grams.count), Double(grams.exampleCount))
        return layerCount * layerCount * exampleCount * (exampleCount - 1) / 2
    }
}
