internal import Monitoring
internal import Similarity
internal import WireFormat
internal import ZeroMQ

/// A tensor that is to become a U-centred Gram matrix.
struct GramJob: Sendable {
    /// The batch that the tensor belongs to.
    let batch: BatchID

    /// The tensor's place among all those of the batch, as they came.
    let slot: Int

    /// What the tensor is.
    let tensor: TensorDescription

    /// The tensor's bytes.
    let frame: Frame

    /// Whether the layer's first component is looked for.
    let withFirstComponent: Bool

    /// About how many floating-point operations the Gram matrix takes, or could be done while it comes from memory.
    ///
    /// Measured beside products of 100 operations a nanosecond: each takes 4 µs beside its products; one that came ready-made a
    /// third of a nanosecond for each entry of the square; and a first component one nanosecond for each, or four.
    var cost: Double {
        let entries = Double(self.tensor.exampleCount) * Double(self.tensor.exampleCount)
        let beside = 4e5 + (self.withFirstComponent ? 100 * entries : 0)
        switch self.tensor.payload {
        case .activations(let featureCount): return beside + entries * Double(featureCount)
        case .gram: return beside + entries * 30
        }
    }

    /// Computes the Gram matrix.
    func run(workspace: inout Workspace) throws(NonFiniteLayer) -> UCenteredGram {
        do {
            return try self.frame.withBytes { bytes throws(NonFiniteError) in
                switch self.tensor.payload {
                case .activations(let featureCount):
                    try UCenteredGram(
                        activations: bytes,
                        elementType: self.tensor.elementType,
                        exampleCount: self.tensor.exampleCount,
                        featureCount: featureCount,
                        withFirstComponent: self.withFirstComponent,
                        workspace: &workspace
                    )
                case .gram(let isPacked):
                    try UCenteredGram(
                        gram: bytes,
                        elementType: self.tensor.elementType,
                        isPacked: isPacked,
                        exampleCount: self.tensor.exampleCount,
                        withFirstComponent: self.withFirstComponent,
                        workspace: &workspace
                    )
                }
            }
        } catch {
            throw NonFiniteLayer(layer: self.tensor.layer)
        }
    }
}
