import BlockStructure
import Foundation
import Similarity
import Testing

/// Real training runs, four checkpoints each: residual networks on the digits of scikit-learn.
///
/// A file of `Fixtures` holds for each checkpoint the sums of four batches of 64 examples as little-endian Float32: four
/// upper triangles of Σ n(n − 3)·HSIC₁ with the diagonal, row by row, then four times the layers' traces.
struct CorpusTests {
    struct Checkpoint: CustomTestStringConvertible {
        let run: String
        let index: Int
        /// By eye, edges soft by three layers.
        let label: ClosedRange<Int>?

        var testDescription: String { "\(self.run) \(self.index)" }
    }

    static let checkpoints: [Checkpoint] = [
        ("block_digits_s0", [nil, nil, 10...40, 10...40]),
        ("deep_full", [nil, 15...40, 10...40, 16...40]),
        ("none_preact_bn", [nil, nil, nil, nil]),
        ("none_shallow_full", [nil, nil, nil, nil]),
    ].flatMap { run, labels in
        labels.enumerated().map { Checkpoint(run: run, index: $0.offset, label: $0.element) }
    }

    @Test(arguments: checkpoints)
    func labelledBlocksAreFoundAndNothingElse(checkpoint: Checkpoint) throws {
        let groups = try checkpoint.groups()
        let blocks = BlockFinder().blocks(in: LayerSimilarities(groups: groups))
        #expect(blocks.count == (checkpoint.label == nil ? 0 : 1))
        if let label = checkpoint.label, let block = blocks.first {
            #expect(abs(block.layers.lowerBound - label.lowerBound) <= 3)
            #expect(abs(block.layers.upperBound - label.upperBound) <= 3)
            #expect(block.kind == .dominant)
            #expect(block.standardError ?? .nan > 0)
        }
    }

    /// A matrix without groups has no errors, and its strength alone decides.
    @Test(arguments: checkpoints)
    func theMatrixAloneTellsTheSame(checkpoint: Checkpoint) throws {
        let matrix = try CKAMatrix(groups: checkpoint.groups())
        let blocks = BlockFinder().blocks(
            in: LayerSimilarities(layerCount: matrix.layerCount, values: matrix.values)
        )
        #expect(blocks.map(\.kind) == (checkpoint.label == nil ? [] : [.contiguous]))
        #expect(blocks.allSatisfy { $0.standardError == nil && $0.dominance == nil })
    }
}

extension CorpusTests.Checkpoint {
    /// The sums of the checkpoint's batches.
    fileprivate func groups() throws -> [HSICAccumulator] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/\(self.run).f32")
        let data = try Data(contentsOf: file)
        let layerCount = self.run == "none_shallow_full" ? 9 : 41
        let triangle = layerCount * (layerCount + 1) / 2
        let numbers: [Double] = stride(from: 0, to: data.count, by: 4).map { start in
            let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(data[start + $1]) << (8 * UInt32($1)) }
            return Double(Float(bitPattern: bits))
        }
        try #require(numbers.count == 16 * (triangle + layerCount))
        let checkpoint = numbers.dropFirst(self.index * 4 * (triangle + layerCount))
        return (0..<4).map { group in
            let products = checkpoint.dropFirst(group * triangle).prefix(triangle)
            let traces = checkpoint.dropFirst(4 * triangle + group * layerCount).prefix(layerCount)
            var sums = HSICAccumulator(layerCount: layerCount)
            sums.add(
                BatchHSIC(
                    exampleCount: 64,
                    products: Array(products),
                    traces: Array(traces),
                    isConstant: Array(repeating: false, count: layerCount)
                )
            )
            return sums
        }
    }
}
