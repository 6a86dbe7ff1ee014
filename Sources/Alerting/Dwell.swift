/// Counts the evaluations running in which something was so, and says when that is often enough.
struct Dwell: Hashable, Sendable {
    /// The number of evaluations running so far.
    var count = 0

    /// Notes an evaluation.
    ///
    /// - Returns: Whether it has been so for as many evaluations running as it takes.
    mutating func note(_ isSo: Bool, needed: Int) -> Bool {
        self.count = isSo ? self.count + 1 : 0
        return isSo && self.count >= needed
    }
}
