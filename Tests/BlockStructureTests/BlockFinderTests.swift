import BlockStructure
import Testing

struct BlockFinderTests {
    @Test func aPlantedBlockIsFoundWithItsFigures() throws {
        let similarities = LayerSimilarities(20) { row, column in
            (6...15).contains(row) && (6...15).contains(column) ? 0.97 : 0.4
        }
        let block = try #require(BlockFinder().candidates(in: similarities).first)
        #expect(block.layers == 6...15)
        #expect(block.members == Array(6...15))
        #expect(abs((block.strength ?? 0) - 0.57) < 1e-12)
        #expect(abs(block.corner - 0.97) < 1e-12)
        #expect(block.standardError == nil)
        #expect(block.kind == .dominant)
        #expect(BlockFinder().candidates(in: similarities).count == 1)
    }
}
