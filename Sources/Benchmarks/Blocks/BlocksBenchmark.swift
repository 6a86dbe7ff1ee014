internal import BlockStructure
internal import Similarity
internal import WireFormat

/// Measures one search for blocks, from the sums of a window's groups to the blocks with their standard errors.
///
/// One core, as in the daemon. The floor is reading all sums once.
public struct BlocksBenchmark: Sendable {
    /// The number of groups of a window.
    private static let groupCount = 8

    private let rounds: Int
    private let roundSeconds: Double

    /// Describes a measurement.
    ///
    /// - Parameters:
    ///   - rounds: How many rounds count.
    ///   - roundSeconds: How long a round measures at least.
    public init(rounds: Int, roundSeconds: Double = 0.15) {
        self.rounds = rounds
        self.roundSeconds = roundSeconds
    }

    /// Measures a search.
    ///
    /// - Parameters:
    ///   - layerCount: The number of layers, of which the last three quarters are a block.
    ///   - bound: The seconds that a search may take, `nil` where none were promised.
    /// - Returns: The figure and its floor, and whether it is within the bound.
    public func row(layerCount: Int, bound: Double?) -> BenchmarkRow {
        let groups = (0..<Self.groupCount).map { Self.sums(of: $0, layerCount: layerCount) }
        func search() -> Int {
            BlockFinder().blocks(in: LayerSimilarities(groups: groups)).filter { $0.standardError != nil }.count
        }
        let found = search()
        let once = secondsTaken { _ = search() }
        let count = max(1, Int((self.roundSeconds / once).rounded(.up)))
        var checksum = 0.0
        let rounds = AlternatingRounds(self.rounds) {
            secondsTaken {
                for _ in 0..<count {
                    checksum += groups.reduce(0) { $0 + $1.products.fastSum }
                }
            } / Double(count)
        } measurement: {
            secondsTaken {
                for _ in 0..<count {
                    checksum += Double(search())
                }
            } / Double(count)
        }
        // Keeps the compiler from leaving out what nobody reads.
        precondition(checksum.isFinite, "The sums are numbers")
        var details: JSONObject = ["blocks": .integer(found)]
        if let bound {
            details["bound_seconds"] = .number(bound)
            details["within"] = .bool(rounds.measured <= bound)
        }
        return BenchmarkRow(
            bench: "blocks",
            layers: layerCount,
            examples: 64 * Self.groupCount,
            features: nil,
            dtype: "F64",
            seconds: rounds.measured,
            floorSeconds: rounds.floor,
            details: details
        )
    }

    /// The sums of a group: a block, a decay before it, and a little that differs from group to group.
    private static func sums(of group: Int, layerCount: Int) -> HSICAccumulator {
        var products: [Double] = []
        for row in 0..<layerCount {
            for column in row..<layerCount {
                let distance = Double(column - row)
                let similarity = row >= layerCount / 4 ? 0.97 - 0.02 * distance / Double(layerCount) : 0.5
                let difference = Double((row * 31 + column * 17 + group * 13) % 101 - 50) * 2e-4
                products.append(row == column ? 1 : similarity + difference)
            }
        }
        var sums = HSICAccumulator(layerCount: layerCount)
        sums.add(
            BatchHSIC(
                exampleCount: 64,
                products: products,
                traces: Array(repeating: 1.7, count: layerCount),
                isConstant: Array(repeating: false, count: layerCount)
            )
        )
        return sums
    }
}

extension [Double] {
    /// The sum, in an order that keeps more than one addition under way.
    fileprivate var fastSum: Double {
        let numbers = self.span
        var sums = SIMD8<Double>.zero
        var place = 0
        while place + 8 <= numbers.count {
            for lane in 0..<8 {
                sums[lane] += numbers[place + lane]
            }
            place += 8
        }
        var rest = 0.0
        for index in place..<numbers.count {
            rest += numbers[index]
        }
        return sums.sum() + rest
    }
}
