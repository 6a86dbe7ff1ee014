import BlockStructure
import Testing

struct BlockFinderTests {
    @Test func aPlantedBlockIsFoundWithItsFigures() throws {
        let similarities = Self.planted(20, 6...15, 0.97)
        let candidates = BlockFinder().candidates(in: similarities)
        let block = try #require(candidates.first)
        #expect(candidates.count == 1)
        #expect(block.layers == 6...15)
        #expect(block.members == Array(6...15))
        #expect(abs((block.strength ?? 0) - 0.57) < 1e-12)
        #expect(abs(block.corner - 0.97) < 1e-12)
        #expect(block.standardError == nil)
        #expect(abs((block.dominance ?? 0) - 0.6) < 1e-12)
        #expect(block.groupLayerCount == 20)
        #expect(block.kind == .dominant)
    }

    @Test func aGroupIsSelectedByAnyPartOfTheNames() {
        let names = ["a.conv1", "a.out", "b.conv1", "b.out", "b.out.norm"]
        #expect(LayerGroup(matching: #"\.out$"#, among: names) == LayerGroup(name: #"\.out$"#, layers: [1, 3]))
        #expect(LayerGroup(matching: "^b", among: names).layers == [2, 3, 4])
        #expect(LayerGroup(matching: "(", among: names).layers == [])
    }

    /// Of 40 layers a block has 8, of 16 it has 4 (but an interval 5), of 35 exactly 7.
    @Test(arguments: [(40, 8), (16, 5), (35, 7), (100, 20)])
    func aBlockHasAFifthOfTheLayers(layerCount: Int, fewest: Int) {
        #expect(BlockFinder().candidates(in: Self.planted(layerCount, 3...1 + fewest, 0.97)) == [])
        #expect(BlockFinder().candidates(in: Self.planted(layerCount, 3...2 + fewest, 0.97)).count == 1)
    }

    @Test(arguments: [(0.851, 1), (0.849, 0)])
    func theCornerDecidesAtItsThreshold(corner: Double, count: Int) throws {
        // The first and the last two of ten layers are less alike than the rest.
        let similarities = LayerSimilarities(20) { row, column in
            guard (5...14).contains(row), (5...14).contains(column) else { return 0.3 }
            return row <= 6 && column >= 13 ? corner : 0.96
        }
        let candidates = BlockFinder().candidates(in: similarities)
        #expect(candidates.count == count)
        #expect(candidates.allSatisfy { abs($0.corner - corner) < 1e-12 })
    }

    @Test func aCandidateTooWeakForABlockIsReportedWithoutAKind() throws {
        let similarities = Self.planted(30, 8...20, 0.95, outside: 0.85)
        let candidate = try #require(BlockFinder().candidates(in: similarities).first)
        #expect(abs((candidate.strength ?? 0) - 0.1) < 1e-12)
        #expect(candidate.kind == nil)
        #expect(BlockFinder().blocks(in: similarities) == [])
    }

    typealias Figures = (strength: Double?, error: Double?, dominance: Double?)

    private static let kinds: [(Figures, BlockKind?)] = [
        ((0.2, 0.01, 0.5), .dominant), ((0.2, 0.01, 0.44), .contiguous), ((0.2, 0.01, nil), .contiguous),
        ((0.125, 0.01, 0.5), nil), ((0.125, nil, 0.5), .dominant), ((0.12, nil, 0.45), .dominant),
        ((0.119, nil, 0.9), nil), ((nil, nil, 0.9), .saturated), ((nil, nil, nil), .saturated),
    ]

    @Test(arguments: kinds)
    func kindsFollowTheThresholds(figures: Figures, kind: BlockKind?) {
        #expect(Self.candidate(figures).kind == kind)
    }

    private static let ends: [(Figures, BlockKind, Bool)] = [
        ((0.09, 0.01, 0.5), .dominant, false), ((0.07, 0.02, 0.5), .dominant, false),
        ((0.07, 0.005, 0.5), .dominant, true), ((0.079, nil, 0.5), .contiguous, true),
        ((0.2, 0.01, 0.37), .dominant, true), ((0.2, 0.01, 0.38), .dominant, false),
        ((0.2, 0.01, 0.1), .contiguous, false), ((0.2, 0.01, nil), .dominant, false),
        ((nil, nil, 0.5), .saturated, false),
    ]

    @Test(arguments: ends)
    func aRaisedBlockEndsAtLowerThresholds(figures: Figures, raised: BlockKind, ends: Bool) {
        #expect(Self.candidate(figures).ends(raised, criteria: BlockCriteria()) == ends)
    }

    @Test func undefinedLayersInsideABlockAreNoMembersOfIt() throws {
        let holes: Set = [0, 8, 11]
        let planted = Self.planted(20, 6...15, 0.97)
        let values = planted.values.enumerated().map { index, value in
            holes.contains(index / 20) || holes.contains(index % 20) ? .nan : value
        }
        let similarities = LayerSimilarities(layerCount: 20, values: values, dominance: planted.dominance)
        let block = try #require(BlockFinder().candidates(in: similarities).first)
        #expect(block.layers == 6...15)
        #expect(block.members == [6, 7, 9, 10, 12, 13, 14, 15])
        #expect(block.groupLayerCount == 20)
        #expect(abs((block.strength ?? 0) - 0.57) < 1e-12)
        #expect(abs(block.corner - 0.97) < 1e-12)
        #expect(block.kind == .dominant)
    }

    @Test func theLastDefinedLayersAloneAreSaturated() throws {
        let values = (0..<400).map { index in
            index / 20 < 8 || index % 20 < 8 ? .nan : index / 20 == index % 20 ? 1 : 0.97
        }
        let block = try #require(BlockFinder().candidates(in: LayerSimilarities(layerCount: 20, values: values)).first)
        #expect(block.layers == 8...19)
        #expect(block.strength == nil)
        #expect(block.kind == .saturated)
    }

    @Test func infiniteSimilaritiesAreUndefined() throws {
        let planted = Self.planted(20, 6...15, 0.97)
        var values = planted.values
        values[7 * 20 + 9] = .infinity
        values[2 * 20 + 9] = -.infinity
        let block = try #require(BlockFinder().candidates(in: LayerSimilarities(layerCount: 20, values: values)).first)
        #expect(block.layers == 6...15)
        #expect(abs((block.strength ?? 0) - 0.57) < 1e-12)
    }

    @Test(arguments: [0, 1, 2, 4])
    func fewLayersHaveNoBlock(layerCount: Int) {
        #expect(BlockFinder().candidates(in: LayerSimilarities(layerCount) { _, _ in 0.99 }) == [])
    }

    private static func planted(
        _ layerCount: Int,
        _ block: ClosedRange<Int>,
        _ inside: Double,
        outside: Double = 0.4
    ) -> LayerSimilarities {
        LayerSimilarities(layerCount) { row, column in
            block.contains(row) && block.contains(column) ? inside : outside
        }
    }

    private static func candidate(_ figures: Figures) -> BlockCandidate {
        BlockCandidate(
            members: [1, 2, 3, 4],
            groupLayerCount: 10,
            corner: 0.9,
            strength: figures.strength,
            standardError: figures.error,
            dominance: figures.dominance,
            criteria: BlockCriteria()
        )
    }
}
