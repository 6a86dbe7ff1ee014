extension Sequence<Double> {
    /// The middle of the numbers, or the mean of the two in the middle; NaN where there is none.
    public var median: Double {
        let sorted = self.sorted()
        guard !sorted.isEmpty else { return .nan }
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }

    /// The smallest of the numbers that at least `share` of them do not exceed; NaN where there is none.
    ///
    /// The nearest rank: always one of the numbers, and never below what an interpolation would give.
    ///
    /// - Precondition: 0 < share ≤ 1.
    public func percentile(_ share: Double) -> Double {
        precondition(share > 0 && share <= 1, "\(share) is no share of the numbers")
        let sorted = self.sorted()
        guard !sorted.isEmpty else { return .nan }
        return sorted[Int((share * Double(sorted.count)).rounded(.up)) - 1]
    }
}
