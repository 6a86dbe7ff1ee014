import BlockStructure
import Similarity

/// A generator of pseudo-random numbers with a fixed sequence: SplitMix64, Steele, Lea & Flood 2014.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9e37_79b9_7f4a_7c15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

extension LayerSimilarities {
    /// A symmetric matrix with ones on its diagonal.
    init(_ layerCount: Int, dominance: Double? = 0.6, value: (_ row: Int, _ column: Int) -> Double) {
        var values = [Double](repeating: 1, count: layerCount * layerCount)
        for row in 0..<layerCount {
            for column in row + 1..<max(layerCount, row + 1) {
                let value = value(row, column)
                values[row * layerCount + column] = value
                values[column * layerCount + row] = value
            }
        }
        self.init(
            layerCount: layerCount,
            values: values,
            dominance: dominance.map { Array(repeating: $0, count: layerCount) }
        )
    }
}
