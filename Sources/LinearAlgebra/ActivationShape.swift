/// What the bytes of a layer's activations are: one example a row, row-major, without gaps.
public struct ActivationShape: Hashable, Sendable {
    /// How the numbers are stored.
    public let elementType: ElementType

    /// The number of rows, *n*.
    public let exampleCount: Int

    /// The number of columns, *p*.
    public let featureCount: Int

    /// Creates a shape.
    ///
    /// - Precondition: Both counts are positive.
    public init(elementType: ElementType, exampleCount: Int, featureCount: Int) {
        precondition(exampleCount > 0 && featureCount > 0, "\(exampleCount) × \(featureCount) activations are none")
        self.elementType = elementType
        self.exampleCount = exampleCount
        self.featureCount = featureCount
    }

    /// The number of bytes.
    public var byteCount: Int { self.exampleCount * self.rowByteCount }

    /// The number of bytes of one example.
    var rowByteCount: Int { self.featureCount * self.elementType.byteCount }
}
