extension Duration {
    /// The duration as a number of seconds.
    public var seconds: Double {
        let (seconds, attoseconds) = self.components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}

/// Calls a closure and measures the seconds that it takes, on the monotonic clock.
public func secondsTaken<Failure: Error>(by body: () throws(Failure) -> Void) throws(Failure) -> Double {
    let start = ContinuousClock.now
    try body()
    return start.duration(to: .now).seconds
}
