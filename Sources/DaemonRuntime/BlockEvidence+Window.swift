internal import Alerting
internal import Monitoring
internal import WireFormat

extension BlockEvidence {
    /// The number of examples that an alert names.
    private static let exampleCount = 8

    /// What the first components of a window's batches say of some layers; `nil` where none were computed.
    init?(of layers: [Int], in sums: WindowSums) {
        guard sums.firstComponents != nil else { return nil }
        self.init(
            fraction: sums.firstComponentFraction(of: layers),
            dominantExamples: sums.dominantExamples(of: layers, count: Self.exampleCount)
                .map(DominantExample.init)
        )
    }
}

extension DominantExample {
    /// The example as an alert names it.
    fileprivate init(_ example: ExampleShare) {
        self.init(
            probe: example.probe,
            batch: example.batch,
            row: example.row,
            id: example.id?.json ?? .null,
            share: example.share
        )
    }
}
