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

    /// About how many floating-point operations the Gram matrix takes.
    var cost: Double {
        let examples = Double(self.tensor.exampleCount)
        switch self.tensor.payload {
        case .activations(let featureCount): return examples * examples * Double(featureCount)
        case .gram: return 8 * examples * examples
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
