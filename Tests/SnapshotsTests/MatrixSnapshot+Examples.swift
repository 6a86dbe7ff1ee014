import Snapshots
import WireFormat

extension SnapshotHeader {
    /// A header with a member of every kind, some of them from outside the known ones.
    static func example(layers: [String] = ["stem", "a,\"b\""]) throws -> SnapshotHeader {
        try SnapshotHeader([
            "v": 1, "run": "7", "window": "recent", "kind": "sliding", "generation": 1, "step_first": 0,
            "step_last": 66,
            "batches": 64, "examples": 4096, "missing": .null, "effective_batches": 12.5,
            "accounting": ["attempted": 64, "rejected": [:], "lost": 0],
            "complete": true, "layers": .array(layers.map { .string($0) }), "estimator": "hsic1",
            "undefined": .object([layers[1]: "constant"]),
            "largest_batch_share": .array(layers.indices.map { $0 == 1 ? .null : .number(0.25) }),
            "dominance": .array(layers.indices.map { $0 == 1 ? .null : .number(0.5) }),
            "dtype": "F64", "shape": [.integer(layers.count), .integer(layers.count)],
        ])
    }
}

extension MatrixSnapshot {
    /// Two layers, of which the second is undefined; with two groups.
    static func example() throws -> MatrixSnapshot {
        try MatrixSnapshot(
            header: .example(),
            cka: [1, .nan, .nan, .nan],
            standardErrors: [0.001953125, .nan, .nan, .nan],
            hsic: [1e-300, -0.5, -0.5, 0],
            groups: GroupSums(count: 2, products: [1, 2, 2, 3, 4, 5, 5, 6], traces: [10, 20, 30, 40])
        )
    }

    /// The example with first components, of which the second layer has none.
    static func exampleWithFirstComponents() throws -> MatrixSnapshot {
        var object = try SnapshotHeader.example().object
        object["pc1"] = ["batches": 3, "undefined": ["a,\"b\"": "no_gap"], "dominant_examples": []]
        return try MatrixSnapshot(
            header: SnapshotHeader(object),
            cka: [1, .nan, .nan, .nan],
            standardErrors: [0.001953125, .nan, .nan, .nan],
            firstComponents: FirstComponents(
                fractions: [0.75, .nan],
                alignments: [1, .nan, .nan, .nan],
                similarities: [0.5, .nan, .nan, .nan]
            )
        )
    }

    /// Whether two snapshots hold the same bits, so that an undefined value equals another.
    func isIdentical(to other: MatrixSnapshot) -> Bool {
        func bits(_ values: [Double]?) -> [UInt64]? { values?.map { $0.isNaN ? .max : $0.bitPattern } }
        return bits(self.cka) == bits(other.cka) && bits(self.standardErrors) == bits(other.standardErrors)
            && bits(self.hsic) == bits(other.hsic) && bits(self.header.dominance) == bits(other.header.dominance)
    }
}

/// Doubles as a peer sends them: little-endian, one after the other.
func bytes(_ values: [Double]) -> [UInt8] {
    values.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * UInt64($0))) } }
}
