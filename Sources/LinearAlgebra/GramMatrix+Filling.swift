extension GramMatrix {
    /// Computes the Gram matrix of activations whose features' means over the batch are subtracted.
    ///
    /// The activations come from memory once, a stripe of features at a time. A stripe is widened, centred and packed
    /// into a panel that stays in the processor's cache, and the panel's products are added to the matrix while the
    /// next stripe comes: nothing of the activations' size is copied. Centring first is what makes single precision
    /// enough, however far the means are from zero.
    ///
    /// NaN or infinity anywhere leaves an entry of the diagonal NaN or infinite.
    ///
    /// - Parameters:
    ///   - activations: The bytes, with any alignment.
    ///   - shape: What the bytes are.
    ///   - scale: A power of two that the activations are multiplied by.
    /// - Returns: The means' squares, and whether anything is left without them.
    /// - Complexity: O(*n*² *p*).
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    package mutating func fill(activations: RawSpan, shape: ActivationShape, scale: Double = 1) -> FeatureSummary {
        let width = min(shape.featureCount, Scalar.panelWidth)
        self.exampleCount = shape.exampleCount
        let stride = self.stride
        return self.entries.withRoom(for: stride * stride) { entries in
            self.panel.withRoom(for: stride * width) { panel in
                self.means.withRoom(for: width) { means in
                    var summary = FeatureSummary()
                    var upcoming = UpcomingNumbers(of: activations, shape: shape)
                    for start in Swift.stride(from: 0, to: shape.featureCount, by: width) {
                        let columns = start..<min(start + width, shape.featureCount)
                        let found = Scalar.packCentered(
                            columns: columns,
                            of: activations,
                            shape: shape,
                            scale: scale,
                            into: &panel,
                            means: &means
                        )
                        summary.squaredMeans += found.squaredMeans
                        summary.varies = summary.varies || found.varies
                        upcoming.columns = columns.upperBound..<min(columns.upperBound + width, shape.featureCount)
                        Scalar.multiplyByOwnTranspose(
                            panel.span,
                            rowCount: shape.exampleCount,
                            columnCount: columns.count,
                            into: &entries,
                            isAdding: start > 0,
                            upcoming: upcoming
                        )
                    }
                    return summary
                }
            }
        }
    }
}
