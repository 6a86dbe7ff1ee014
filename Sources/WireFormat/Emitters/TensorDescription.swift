public import LinearAlgebra

/// What one frame of a batch holds: a layer's activations, or their Gram matrix.
public struct TensorDescription: Hashable, Sendable {
    /// What the numbers are.
    public enum Payload: Hashable, Sendable {
        /// A row of features for each example.
        case activations(featureCount: Int)
        /// The Gram matrix of mean-subtracted features: all of it, or its upper triangle row by row.
        case gram(isPacked: Bool)
    }

    /// The layer's name.
    public let layer: String

    /// The type of the numbers.
    public let elementType: ElementType

    /// The number of examples, *n*.
    public let exampleCount: Int

    /// What the numbers are.
    public let payload: Payload

    /// The layer's position in the batch; `nil` where it is its place in the list.
    public let index: Int?

    /// The length of the frame.
    public let byteCount: Int

    /// Creates a description.
    public init(
        layer: String,
        elementType: ElementType,
        exampleCount: Int,
        payload: Payload,
        index: Int? = nil,
        byteCount: Int
    ) {
        self.layer = layer
        self.elementType = elementType
        self.exampleCount = exampleCount
        self.payload = payload
        self.index = index
        self.byteCount = byteCount
    }
}
