/// What the bytes of a layer's activations are: one example a row, row-major, without gaps.
package struct ActivationShape: Hashable, Sendable {
    /// How the numbers are stored.
    package let elementType: ElementType

    /// The number of rows, *n*.
    package let exampleCount: Int

    /// The number of columns, *p*.
    package let featureCount: Int

    /// Creates a shape.
    ///
    /// - Precondition: Both counts are positive.
    package init(elementType: ElementType, exampleCount: Int, featureCount: Int) {
        precondition(exampleCount > 0 && featureCount > 0, "\(exampleCount) × \(featureCount) activations are none")
        self.elementType = elementType
        self.exampleCount = exampleCount
        self.featureCount = featureCount
    }

    /// The number of bytes.
    package var byteCount: Int { self.exampleCount * self.rowByteCount }

    /// The number of bytes of one example.
    var rowByteCount: Int { self.featureCount * self.elementType.byteCount }
}
