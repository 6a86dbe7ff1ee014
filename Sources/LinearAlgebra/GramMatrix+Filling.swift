extension GramMatrix {
    /// Computes the Gram matrix of activations whose features' means over the batch are subtracted.
    ///
    /// The activations are read once, a stripe of features at a time. A stripe is widened and centred into a panel that
    /// stays in the processor's cache, and the panel's products are added up by one symmetric rank-k update:
    /// nothing of the activations' size is copied. Centring first is what makes single precision enough, however far
    /// the means are from zero.
    ///
    /// NaN or infinity anywhere makes every entry of the diagonal NaN.
    ///
    /// - Parameters:
    ///   - activations: The bytes, with any alignment.
    ///   - shape: What the bytes are.
    ///   - scale: A power of two that the activations are multiplied by.
    /// - Returns: The means' squares, and whether anything is left without them.
    /// - Complexity: O(*n*² *p*).
    package mutating func fill(activations: RawSpan, shape: ActivationShape, scale: Double = 1) -> FeatureSummary {
        let n = shape.exampleCount
        let width = Self.panelWidth(of: shape)
        let stride = Self.panelStride(width: width)
        self.exampleCount = n
        return self.entries.withRoom(for: n * n) { entries in
            self.panel.withRoom(for: n * stride) { panel in
                self.means.withRoom(for: width) { means in
                    var summary = FeatureSummary()
                    for start in Swift.stride(from: 0, to: shape.featureCount, by: width) {
                        let columns = start..<min(start + width, shape.featureCount)
                        let found = Scalar.center(
                            columns: columns,
                            of: activations,
                            shape: shape,
                            scale: scale,
                            into: &panel,
                            stride: stride,
                            means: &means
                        )
                        summary.squaredMeans += found.squaredMeans
                        summary.varies = summary.varies || found.varies
                        Scalar.multiplyByOwnTranspose(
                            panel.span,
                            rowCount: n,
                            columnCount: columns.count,
                            stride: stride,
                            into: &entries,
                            isAdding: start > 0
                        )
                    }
                    return summary
                }
            }
        }
    }

    /// Reads a Gram matrix that was computed elsewhere.
    ///
    /// - Parameters:
    ///   - bytes: The matrix, with any alignment: *n* × *n*, or with `isPacked` the upper triangle with the diagonal,
    ///     row by row. The lower triangle of a square matrix is not read.
    ///   - elementType: How the numbers are stored.
    ///   - isPacked: Whether the lower triangle is left out.
    ///   - exampleCount: The number of rows, *n*.
    ///   - scale: A power of two that the entries are multiplied by.
    /// - Precondition: `bytes` has the size that the other parameters say.
    /// - Complexity: O(*n*²).
    package mutating func fill(
        gram bytes: RawSpan,
        elementType: ElementType,
        isPacked: Bool,
        exampleCount: Int,
        scale: Double = 1
    ) {
        let n = exampleCount
        let entryCount = isPacked ? n * (n + 1) / 2 : n * n
        precondition(
            bytes.byteCount == entryCount * elementType.byteCount,
            "\(bytes.byteCount) bytes for \(n) examples"
        )
        self.exampleCount = n
        self.entries.withRoom(for: n * n) { entries in
            var packedStart = 0
            for i in 0..<n {
                let start = isPacked ? packedStart : i * n + i
                packedStart += n - i
                let rest = bytes.extracting((start * elementType.byteCount)...)
                entries.withPart(i * n + i..<(i + 1) * n) { row in
                    Scalar.convert(rest, elementType, scale: scale, to: &row)
                }
            }
        }
    }

    /// The number of features that are centred and multiplied together.
    ///
    /// Wide enough that adding a panel's products to the matrix costs little next to computing them, and narrow enough
    /// that the panel stays in the second-level cache where the number of examples allows.
    private static func panelWidth(of shape: ActivationShape) -> Int {
        let fitting = (512 << 10) / (shape.exampleCount * MemoryLayout<Scalar>.stride)
        return min(shape.featureCount, min(max(256, fitting / 16 * 16), 4096))
    }

    /// The distance of a panel's rows: whole cache lines, and an odd number of them.
    ///
    /// With a distance that is a power of two, the entries of a column would compete for a few places of the cache.
    private static func panelStride(width: Int) -> Int {
        let lineLength = 64 / MemoryLayout<Scalar>.stride
        let lines = (width + lineLength - 1) / lineLength
        return (lines | 1) * lineLength
    }
}
