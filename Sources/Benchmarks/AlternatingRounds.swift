/// What a measurement and its floor took, round by round.
///
/// The rate of a shared machine drifts. So each round measures the floor and the thing itself right after one another,
/// and the medians of both are compared.
public struct AlternatingRounds: Sendable {
    /// What the floor took in each round.
    public let floors: [Double]

    /// What the thing itself took in each round.
    public let measurements: [Double]

    /// Measures.
    ///
    /// Other rounds come before those that count: caches fill, memory is touched for the first time, clocks rise.
    ///
    /// - Parameters:
    ///   - count: The number of rounds that count, at least 1.
    ///   - warmUpCount: The number of those before.
    ///   - floor: Measures the floor once.
    ///   - measurement: Measures the thing itself once.
    /// - Throws: What the closures throw.
    public init<Failure: Error>(
        _ count: Int,
        warmingUpFor warmUpCount: Int = 1,
        floor: () throws(Failure) -> Double,
        measurement: () throws(Failure) -> Double
    ) throws(Failure) {
        precondition(count > 0, "Nothing can be said after \(count) rounds")
        var floors: [Double] = []
        var measurements: [Double] = []
        for _ in 0..<(warmUpCount + count) {
            floors.append(try floor())
            measurements.append(try measurement())
        }
        self.floors = Array(floors.dropFirst(warmUpCount))
        self.measurements = Array(measurements.dropFirst(warmUpCount))
    }

    /// The median of the floors.
    public var floor: Double { self.floors.median }

    /// The median of the measurements.
    public var measured: Double { self.measurements.median }

    /// Floor ÷ measurement of each round.
    public var ratios: [Double] { zip(self.floors, self.measurements).map { $0 / $1 } }
}
