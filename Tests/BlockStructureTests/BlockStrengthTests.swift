import Similarity
import Testing

@testable import BlockStructure

struct BlockStrengthTests {
    @Test(arguments: [0...4, 3...9, 5...14, 2...12, 0...13, 8...8])
    func strengthFollowsItsDefinition(interval: ClosedRange<Int>) throws {
        var random = SplitMix64(seed: 11)
        let similarities = LayerSimilarities(15) { _, _ in Double.random(in: -0.1...1, using: &random) }
        let expected = Oracle(count: 15, values: similarities.values).strength(of: interval)
        let strength = BlockStrength(of: interval, in: similarities).value
        #expect((strength == nil) == (expected == nil))
        #expect(abs((strength ?? 0) - (expected ?? 0)) < 1e-14)
    }

    @Test(arguments: [0...4, 3...9, 5...14, 2...12])
    func standardErrorFollowsItsDefinition(interval: ClosedRange<Int>) throws {
        var random = SplitMix64(seed: 12)
        let network = PlantedNetwork(shares: (0..<15).map { 0.3 + 0.04 * Double($0) }, using: &random)
        let groups = network.groups.map(\.products)
        let similarities = LayerSimilarities(groups: network.groups)
        let strength = BlockStrength(of: interval, in: similarities)
        let value = try #require(Oracle(sums: groups, count: 15).strength(of: interval))
        let error = try #require(Oracle.standardError(of: interval, sums: groups, count: 15))
        #expect(abs((strength.value ?? .nan) - value) < 1e-13)
        #expect(abs((strength.standardError(in: similarities) ?? .nan) - error) < 1e-13)
    }

    @Test func errorsComeFromTheErrorGroups() throws {
        var random = SplitMix64(seed: 13)
        let shares = (0..<12).map { $0 < 6 ? 0.9 : 0.2 }
        let window = PlantedNetwork(shares: shares, using: &random)
        let pass = PlantedNetwork(shares: shares, using: &random)
        let similarities = LayerSimilarities(groups: window.groups, errorGroups: Array(pass.groups[..<4]))
        let strength = BlockStrength(of: 0...5, in: similarities)
        let expected = try #require(
            Oracle.standardError(of: 0...5, sums: pass.groups[..<4].map(\.products), count: 12)
        )
        #expect(abs((strength.standardError(in: similarities) ?? .nan) - expected) < 1e-13)
    }

    @Test(arguments: [2...9, 0...9, 10...19])
    func aMatrixThatOnlyDecaysHasNoStrength(interval: ClosedRange<Int>) throws {
        let similarities = LayerSimilarities(20) { row, column in 1 / (1 + 0.01 * Double(column - row)) }
        let strength = try #require(BlockStrength(of: interval, in: similarities).value)
        #expect(abs(strength) < 1e-15)
    }

    @Test func allLayersHaveNoStrength() {
        let similarities = LayerSimilarities(20) { _, _ in 0.95 }
        #expect(BlockStrength(of: 0...19, in: similarities).value == nil)
        #expect(BlockStrength(of: 0...19, in: similarities).standardError(in: similarities) == nil)
    }

    @Test func pairsOfUndefinedLayersDoNotCount() throws {
        var random = SplitMix64(seed: 14)
        var network = PlantedNetwork(shares: (0..<16).map { $0 < 9 ? 0.9 : 0.3 }, using: &random).groups
        network = network.map { $0.silencing([4, 12]) }
        let similarities = LayerSimilarities(groups: network)
        let strength = BlockStrength(of: 0...8, in: similarities)
        func counts(_ row: Int, _ column: Int) -> Bool {
            ![4, 12].contains(row) && ![4, 12].contains(column)
        }
        let products = network.map(\.products)
        let value = Oracle(sums: products, count: 16).strength(of: 0...8, counts: counts)
        let errors = products.indices.map {
            Oracle(sums: products, count: 16, without: $0).strength(of: 0...8, counts: counts) ?? .nan
        }
        let mean = errors.reduce(0, +) / 8
        let error = (7 / 8 * errors.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }).squareRoot()
        #expect(abs((strength.value ?? .nan) - (value ?? .nan)) < 1e-13)
        #expect(abs((strength.standardError(in: similarities) ?? .nan) - error) < 1e-13)
    }

    @Test func oneGroupHasNoStandardError() {
        var random = SplitMix64(seed: 15)
        let groups = PlantedNetwork(shares: (0..<12).map { $0 < 6 ? 0.9 : 0.2 }, using: &random).groups
        let empty = HSICAccumulator(layerCount: 12)
        for errorGroups in [[], [groups[0]], [groups[0], empty, empty]] {
            let similarities = LayerSimilarities(groups: groups, errorGroups: errorGroups)
            let strength = BlockStrength(of: 0...5, in: similarities)
            #expect(strength.value != nil)
            #expect(strength.standardError(in: similarities) == nil)
        }
    }

    @Test func aLayerThatIsUndefinedWithoutOneGroupLeavesNoStandardError() {
        var random = SplitMix64(seed: 16)
        let groups = PlantedNetwork(shares: (0..<12).map { $0 < 6 ? 0.9 : 0.2 }, using: &random).groups
        let silenced = [groups[0]] + groups[1...].map { $0.silencing([3]) }
        let similarities = LayerSimilarities(groups: silenced)
        let strength = BlockStrength(of: 0...5, in: similarities)
        #expect(strength.value != nil)
        #expect(strength.standardError(in: similarities) == nil)
    }
}

extension HSICAccumulator {
    /// The same sums, had some layers been constant.
    func silencing(_ layers: [Int]) -> HSICAccumulator {
        var products: [Double] = []
        var place = 0
        for row in 0..<self.layerCount {
            for column in row..<self.layerCount {
                products.append(layers.contains(row) || layers.contains(column) ? 0 : self.products[place])
                place += 1
            }
        }
        return HSICAccumulator(
            products: products,
            traces: self.traces.enumerated().map { layers.contains($0.offset) ? 0 : $0.element },
            largestSelfTerms: self.largestSelfTerms,
            constantBatchCounts: (0..<self.layerCount).map { layers.contains($0) ? self.batchCount : 0 },
            weight: self.weight,
            degreesOfFreedom: self.degreesOfFreedom,
            batchCount: self.batchCount,
            exampleCount: self.exampleCount
        )
    }
}
