import Similarity

/// A network whose sums come with a block of known edges, and with the noise of a window of batches.
///
/// A layer is a random vector for each group, in the place of its U-centred Gram matrix:
///
///     vᵢ = √sᵢ · w + √(1 − sᵢ) · bᵢ
///
/// with *w* common to all layers and *b* a chain of which neighbours are alike by 0.8, and layers *d* apart by 0.8ᵈ. Two
/// layers of a block have *s* = 0.94…0.99, and are that much alike. The others have one *s* of 0.05…0.4, and so are 0.2…0.6
/// alike with those of the block. Between the two lie ramps.
///
/// The vectors have 24 dimensions. In networks that have a block, CKA on batches of 64 examples has the standard errors that
/// 15 to 50 dimensions would give, since few examples carry it.
struct PlantedNetwork {
    static let dimensionCount = 24
    static let groupCount = 8
    static let exampleCount = 64

    let groups: [HSICAccumulator]

    /// Creates a network from the share of what is common to all layers in each of them.
    init(
        shares: [Double],
        dominance: Double = 0.6,
        neighbourSimilarity: Double = 0.8,
        using random: inout SplitMix64
    ) {
        self.groups = (0..<Self.groupCount).map { _ in
            let common = Self.normals(&random)
            var chain = Self.normals(&random)
            let vectors = shares.map { share in
                let news = Self.normals(&random)
                for place in chain.indices {
                    chain[place] =
                        neighbourSimilarity * chain[place]
                        + (1 - neighbourSimilarity * neighbourSimilarity).squareRoot() * news[place]
                }
                return zip(common, chain).map { share.squareRoot() * $0 + (1 - share).squareRoot() * $1 }
            }
            return Self.group(of: vectors, dominance: dominance)
        }
    }

    /// A block to plant, with ramps of so many layers before and behind it.
    struct Block {
        let layers: ClosedRange<Int>
        let share: Double
        let rampBefore: Int
        let rampBehind: Int
    }

    /// The shares of the layers of a network with a block.
    static func shares(_ layerCount: Int, outside: Double, block: Block) -> [Double] {
        (0..<layerCount).map { layer in
            let (distance, ramp) =
                if layer < block.layers.lowerBound {
                    (block.layers.lowerBound - layer, block.rampBefore)
                } else {
                    (max(0, layer - block.layers.upperBound), block.rampBehind)
                }
            let fraction = Double(max(0, ramp + 1 - distance)) / Double(ramp + 1)
            return outside + (block.share - outside) * fraction
        }
    }

    /// The sums of a batch of 64 examples whose layers have these vectors, and such traces that the dominance is right.
    private static func group(of vectors: [[Double]], dominance: Double) -> HSICAccumulator {
        var products: [Double] = []
        products.reserveCapacity(vectors.count * (vectors.count + 1) / 2)
        let count = Self.dimensionCount
        let numberArray = vectors.flatMap { $0 }
        let numbers = numberArray.span
        for row in vectors.indices {
            for column in row..<vectors.count {
                var product = 0.0
                for place in 0..<count {
                    product += numbers[row * count + place] * numbers[column * count + place]
                }
                products.append(product)
            }
        }
        let n = Double(Self.exampleCount)
        let traces = vectors.map { vector in
            let selfTerm = vector.reduce(0) { $0 + $1 * $1 }
            return (selfTerm / (n * (n - 3))).squareRoot() * (n - 1) / dominance
        }
        var group = HSICAccumulator(layerCount: vectors.count)
        group.add(
            BatchHSIC(
                exampleCount: Self.exampleCount,
                products: products,
                traces: traces,
                isConstant: vectors.map { _ in false }
            )
        )
        return group
    }

    private static func normals(_ random: inout SplitMix64) -> [Double] {
        (0..<Self.dimensionCount).map { _ in random.nextNormal() }
    }
}

extension SplitMix64 {
    /// A number of the standard normal distribution, up to rounding at the tails: the sum of twelve uniform ones.
    mutating func nextNormal() -> Double {
        (0..<12).reduce(-6) { sum, _ in sum + Double(self.next() >> 11) * 0x1p-53 }
    }
}
