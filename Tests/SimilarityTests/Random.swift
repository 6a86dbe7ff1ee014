import Foundation

/// A generator that repeats itself for the same seed (SplitMix64).
struct Random: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9e37_79b9_7f4a_7c15
        var bits = self.state
        bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
        return bits ^ (bits >> 31)
    }

    /// A number between zero and one.
    mutating func uniform() -> Double {
        (Double(self.next() >> 12) + 0.5) * 0x1p-52
    }

    /// A number from the standard normal distribution (Box–Muller).
    mutating func normal() -> Double {
        (-2 * log(self.uniform())).squareRoot() * cos(2 * .pi * self.uniform())
    }

    mutating func normals(_ count: Int) -> [Double] {
        (0..<count).map { _ in self.normal() }
    }

    mutating func uniforms(_ count: Int) -> [Double] {
        (0..<count).map { _ in self.uniform() - 0.5 }
    }
}
