extension GramMatrix {
    /// Computes the Gram matrix of activations whose features' means over the batch are subtracted.
    ///
    /// The activations come from memory once, a stripe of features at a time. A stripe is widened, centred and packed
    /// into a panel that stays in the processor's cache, and the panel's products are added to the matrix while the
    /// next stripe comes: nothing of the activations' size is copied, a stripe at most. Centring first is what makes
    /// single precision enough, however far the means are from zero.
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
        let stripeByteCount = Self.copiesStripes(of: shape) ? shape.stripe(of: width).byteCount : 0
        return self.entries.withRoom(for: stride * stride) { entries in
            self.panel.withRoom(for: stride * width) { panel in
                self.nextStripe.withRoom(for: stripeByteCount) { nextStripe in
                    self.means.withRoom(for: width) { means in
                        var summary = FeatureSummary()
                        var upcoming = UpcomingNumbers(of: activations, shape: shape)
                        for start in Swift.stride(from: 0, to: shape.featureCount, by: width) {
                            let columns = start..<min(start + width, shape.featureCount)
                            if start > 0 && !nextStripe.isEmpty {
                                // SAFETY: Numbers of one byte have no gaps between them.
                                summary += unsafe Scalar.packCentered(
                                    columns: 0..<columns.count,
                                    of: nextStripe.span.bytes,
                                    shape: shape.stripe(of: columns.count),
                                    scale: scale,
                                    into: &panel,
                                    means: &means
                                )
                            } else {
                                summary += Scalar.packCentered(
                                    columns: columns,
                                    of: activations,
                                    shape: shape,
                                    scale: scale,
                                    into: &panel,
                                    means: &means
                                )
                            }
                            upcoming.columns = columns.upperBound..<min(columns.upperBound + width, shape.featureCount)
                            // SAFETY: The activations are borrowed until this method returns. Where there is room to
                            // copy, rows are whole pages, and so stripes whole cache lines.
                            unsafe Scalar.multiplyByOwnTranspose(
                                panel.span,
                                rowCount: shape.exampleCount,
                                columnCount: columns.count,
                                into: &entries,
                                isAdding: start > 0,
                                copying: upcoming,
                                to: &nextStripe
                            )
                        }
                        return summary
                    }
                }
            }
        }
    }

    /// Whether the next stripe is copied while products are computed, and not only asked for.
    ///
    /// Numbers that lie pages apart have few places in the cache that they may be in, and what is asked for has gone from
    /// them before it is packed. Beyond so many examples a copy takes more of the cache than it saves.
    private static func copiesStripes(of shape: ActivationShape) -> Bool {
        shape.rowByteCount.isMultiple(of: 4096) && shape.exampleCount <= 256
    }
}

extension ActivationShape {
    /// The shape of some of the columns, copied.
    fileprivate func stripe(of columnCount: Int) -> ActivationShape {
        ActivationShape(elementType: self.elementType, exampleCount: self.exampleCount, featureCount: columnCount)
    }
}

extension FeatureSummary {
    /// Adds what was found out of further features.
    fileprivate static func += (summary: inout FeatureSummary, other: FeatureSummary) {
        summary.squaredMeans += other.squaredMeans
        summary.varies = summary.varies || other.varies
    }
}
