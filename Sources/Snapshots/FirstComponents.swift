/// What the first components of a window's layers say; `NaN` where undefined.
///
/// Counts, reasons and dominant examples are in the header's member `pc1`.
public struct FirstComponents: Sendable {
    /// For each layer the share of the variance that its first component carries, *L*.
    public let fractions: [Double]

    /// How far the first components of every two layers are the same, *L* × *L*, row-major.
    public let alignments: [Double]

    /// CKA without the first components, *L* × *L*, row-major.
    public let similarities: [Double]

    /// Puts figures together.
    public init(fractions: [Double], alignments: [Double], similarities: [Double]) {
        self.fractions = fractions
        self.alignments = alignments
        self.similarities = similarities
    }

    /// Refuses figures of another number of layers.
    func check(layerCount count: Int) throws(SnapshotError) {
        for (name, values, expected) in [
            ("pc1_fraction", self.fractions, count), ("pc1_alignment", self.alignments, count * count),
            ("pc1_cka_without", self.similarities, count * count),
        ] where values.count != expected {
            throw .size(of: name, expected: "\(expected) values")
        }
    }
}
