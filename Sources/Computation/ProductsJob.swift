internal import Monitoring
internal import Similarity

/// A share of the products between all layers of a batch.
struct ProductsJob: Sendable {
    /// The batch.
    let batch: BatchID

    /// The Gram matrices of its layers.
    let grams: UCenteredBatch

    /// Which of the batch's shares it is.
    let share: Int

    /// The parts of the layers' triangles that are multiplied.
    let parts: Range<Int>

    /// About how many floating-point operations the share takes.
    var cost: Double {
        Double(self.grams.grams.count * self.grams.grams.count) * Double(self.grams.columnCount(ofParts: self.parts))
    }
}
