import BlockStructure
import Similarity
import Testing

struct PlantedBlockTests {
    /// From a quarter of the layers (or six) to 60 % of them, ramps of 0 to 6 layers, eight batches of 64 examples.
    @Test func plantedBlocksAreFound() throws {
        var random = SplitMix64(seed: 1)
        var (plantedCount, foundCount) = (0.0, 0.0)
        var edgeErrors: [Double] = []
        for (layerCount, trialCount) in [(16, 40), (24, 40), (32, 40), (64, 25), (128, 10), (256, 4), (512, 2)] {
            for _ in 0..<trialCount {
                let (network, planted) = Self.plantedNetwork(layerCount, using: &random)
                plantedCount += 1
                let blocks = BlockFinder().blocks(in: LayerSimilarities(groups: network.groups))
                #expect(blocks.count <= 1)
                guard let block = blocks.first else { continue }
                foundCount += 1
                #expect(block.kind == .dominant)
                #expect(block.standardError ?? .nan > 0)
                edgeErrors.append(Double(abs(block.layers.lowerBound - planted.lowerBound)))
                edgeErrors.append(Double(abs(block.layers.upperBound - planted.upperBound)))
            }
        }
        #expect(foundCount >= 0.95 * plantedCount)
        #expect(edgeErrors.reduce(0, +) / Double(edgeErrors.count) <= 0.5)
    }

    private static func plantedNetwork(
        _ layerCount: Int,
        using random: inout SplitMix64
    ) -> (PlantedNetwork, ClosedRange<Int>) {
        let shortest = max(6, (layerCount + 3) / 4)
        let length = Int.random(in: shortest...layerCount * 6 / 10, using: &random)
        let first = Int.random(in: 0...layerCount - length, using: &random)
        let block = PlantedNetwork.Block(
            layers: first...first + length - 1,
            share: Double.random(in: 0.94...0.99, using: &random),
            rampBefore: Int.random(in: 0...6, using: &random),
            rampBehind: Int.random(in: 0...6, using: &random)
        )
        let shares = PlantedNetwork.shares(
            layerCount,
            outside: Double.random(in: 0.05...0.4, using: &random),
            block: block
        )
        let dominance = Double.random(in: 0.5...0.9, using: &random)
        return (PlantedNetwork(shares: shares, dominance: dominance, using: &random), block.layers)
    }

    /// Layers that are all alike are a kind of their own, however their similarity falls.
    @Test(arguments: [16, 41, 128])
    func aSmoothDecayIsNoBlock(layerCount: Int) {
        var random = SplitMix64(seed: 7)
        for neighbourSimilarity in [0.8, 0.95, 0.99, 0.995] {
            let network = PlantedNetwork(
                shares: Array(repeating: 0, count: layerCount),
                neighbourSimilarity: neighbourSimilarity,
                using: &random
            )
            let blocks = BlockFinder().blocks(in: LayerSimilarities(groups: network.groups))
            #expect(blocks.allSatisfy { $0.kind == .saturated && $0.members.count == layerCount })
        }
    }

    @Test(arguments: [9, 16, 41, 128])
    func layersThatAreAllAlikeAreNoBlockButSaturated(layerCount: Int) throws {
        var random = SplitMix64(seed: 8)
        for share in [0.93, 0.96, 0.99] {
            let network = PlantedNetwork(
                shares: Array(repeating: share, count: layerCount),
                neighbourSimilarity: 0,
                using: &random
            )
            let blocks = BlockFinder().blocks(in: LayerSimilarities(groups: network.groups))
            #expect(blocks.map(\.kind) == [.saturated])
            #expect(blocks.first?.layers == 0...layerCount - 1)
            #expect(blocks.first?.strength == nil)
            #expect(blocks.first?.standardError == nil)
        }
    }

    @Test(arguments: [16, 41, 128])
    func noiseIsNoBlock(layerCount: Int) {
        var random = SplitMix64(seed: 9)
        for share in [0, 0.3, 0.6, 0.85] {
            let network = PlantedNetwork(
                shares: Array(repeating: share, count: layerCount),
                neighbourSimilarity: 0,
                using: &random
            )
            #expect(BlockFinder().blocks(in: LayerSimilarities(groups: network.groups)) == [])
        }
    }

    @Test func twoAdjacentBlocksAreToldApart() {
        let similarities = LayerSimilarities(40) { row, column in
            let sorts = [row, column].map { (6...18).contains($0) ? 1 : (19...32).contains($0) ? 2 : 0 }
            return sorts[0] == sorts[1] && sorts[0] > 0 ? 0.96 : 0.5
        }
        let blocks = BlockFinder().blocks(in: similarities)
        #expect(blocks.map(\.layers) == [6...18, 19...32])
        #expect(blocks.allSatisfy { $0.kind == .dominant })
    }

    /// Outputs of residual blocks, which are a block from 10 on, with the interiors of their branches between them.
    @Test func aCheckerboardHasBlocksInItsGroupsAlone() {
        let similarities = LayerSimilarities(60) { row, column in
            guard row % 2 == 0, column % 2 == 0 else { return 0.2 }
            return row >= 20 && column >= 20 && row < 50 && column < 50 ? 0.97 : 0.5
        }
        #expect(BlockFinder().candidates(in: similarities) == [])

        let outputs = LayerGroup(name: "out", layers: Array(stride(from: 0, to: 60, by: 2)))
        let interiors = LayerGroup(name: "in", layers: Array(stride(from: 1, to: 60, by: 2)))
        let blocks = BlockFinder(layerGroups: [interiors, outputs]).candidates(in: similarities)
        #expect(blocks.map(\.group) == ["out"])
        #expect(blocks.first?.layers == 20...48)
        #expect(blocks.first?.members == Array(stride(from: 20, to: 50, by: 2)))
        #expect(blocks.first?.groupLayerCount == 30)
        #expect(abs((blocks.first?.strength ?? 0) - 0.47) < 1e-12)
    }
}
