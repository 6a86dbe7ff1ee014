/// The sequence numbers that have been heard of one session, as disjoint ranges.
///
/// Numbers arrive nearly in order, so a handful of ranges holds a run of any length. A peer that
/// leaves a gap at every second number could still make the ranges grow; beyond
/// ``maximumRangeCount`` the lowest gap is closed: its numbers stay uncounted, and one that arrives
/// later is taken for a duplicate.
struct NumberSet: Sendable {
    /// The number of ranges kept before the lowest gap is closed.
    static let maximumRangeCount = 65_536

    /// How many numbers have been inserted.
    private(set) var count = 0

    /// Ascending, disjoint, and never adjacent.
    private(set) var ranges: [ClosedRange<Int>] = []

    /// Inserts a number.
    ///
    /// - Returns: Whether the number was new.
    /// - Complexity: O(1) for numbers that arrive in order, O(number of ranges) otherwise.
    mutating func insert(_ number: Int) -> Bool {
        let next = self.firstRangeIndex(endingAtOrAfter: number)
        if next < self.ranges.count, self.ranges[next].contains(number) {
            return false
        }
        self.count += 1
        let joinsPrevious = next > 0 && self.ranges[next - 1].upperBound == number - 1
        let joinsNext = next < self.ranges.count && self.ranges[next].lowerBound == number + 1
        switch (joinsPrevious, joinsNext) {
        case (true, true):
            self.ranges[next - 1] = self.ranges[next - 1].lowerBound...self.ranges[next].upperBound
            self.ranges.remove(at: next)
        case (true, false):
            self.ranges[next - 1] = self.ranges[next - 1].lowerBound...number
        case (false, true):
            self.ranges[next] = number...self.ranges[next].upperBound
        case (false, false):
            self.ranges.insert(number...number, at: next)
            self.closeLowestGapIfNeeded()
        }
        return true
    }

    /// Whether a number has been inserted, or lies in a gap that was closed.
    ///
    /// - Complexity: O(log(number of ranges)).
    func contains(_ number: Int) -> Bool {
        let index = self.firstRangeIndex(endingAtOrAfter: number)
        return index < self.ranges.count && self.ranges[index].contains(number)
    }

    /// Whether every number from 0 up to, but not including, a bound has been inserted.
    ///
    /// - Complexity: O(1).
    func containsAll(below bound: Int) -> Bool {
        bound <= 0 || self.ranges.first.map { $0.lowerBound <= 0 && $0.upperBound >= bound - 1 } ?? false
    }

    /// How many of the numbers below a bound have been inserted.
    ///
    /// - Complexity: O(number of ranges).
    func count(below bound: Int) -> Int {
        self.count - self.ranges.reduce(0) { $0 + max(0, $1.upperBound - max($1.lowerBound, bound) + 1) }
    }

    private mutating func closeLowestGapIfNeeded() {
        guard self.ranges.count > Self.maximumRangeCount else { return }
        self.ranges[1] = self.ranges[0].lowerBound...self.ranges[1].upperBound
        self.ranges.removeFirst()
    }

    private func firstRangeIndex(endingAtOrAfter number: Int) -> Int {
        // Numbers mostly arrive in order: look at the end first.
        guard let last = self.ranges.last, number <= last.upperBound else { return self.ranges.count }
        var low = 0
        var high = self.ranges.count
        while low < high {
            let middle = (low + high) / 2
            if self.ranges[middle].upperBound < number {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }
}
