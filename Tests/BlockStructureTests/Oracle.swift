/// The rule once more, written down as its definition says it, at whatever cost.
struct Oracle {
    let count: Int
    let values: [Double]

    subscript(row: Int, column: Int) -> Double {
        self.values[row * self.count + column]
    }

    /// The best total score of disjoint intervals among all choices of them, and one choice that has it.
    func bestIntervals(
        atLeast minimum: Int,
        threshold: Double,
        penalty: Double,
        from start: Int = 0
    ) -> (score: Double, intervals: [ClosedRange<Int>]) {
        guard start < self.count else { return (0, []) }
        var best = self.bestIntervals(atLeast: minimum, threshold: threshold, penalty: penalty, from: start + 1)
        for last in start..<self.count where last - start + 1 >= minimum {
            var score = 0.0
            for row in start...last {
                for column in row...last where column > row {
                    score += max(self[row, column] - threshold, -penalty)
                }
            }
            let rest = self.bestIntervals(atLeast: minimum, threshold: threshold, penalty: penalty, from: last + 1)
            if score + rest.score > best.score {
                best = (score + rest.score, [start...last] + rest.intervals)
            }
        }
        return best
    }

    /// The strength of an interval, over the pairs for which `counts` holds.
    func strength(of interval: ClosedRange<Int>, counts: (Int, Int) -> Bool = { _, _ in true }) -> Double? {
        var (sum, weights) = (0.0, 0.0)
        for distance in 1..<self.count {
            var (inside, across): ([Double], [Double]) = ([], [])
            for row in 0..<self.count - distance where counts(row, row + distance) {
                switch (interval.contains(row), interval.contains(row + distance)) {
                case (true, true): inside.append(self[row, row + distance])
                case (false, false): break
                default: across.append(self[row, row + distance])
                }
            }
            guard !inside.isEmpty, !across.isEmpty else { continue }
            let weight = Double(min(inside.count, across.count))
            let difference =
                inside.reduce(0, +) / Double(inside.count) - across.reduce(0, +) / Double(across.count)
            sum += weight * difference
            weights += weight
        }
        return weights > 0 ? sum / weights : nil
    }

    /// The matrix of some groups' sums, without one of them.
    init(sums groups: [[Double]], count: Int, without omitted: Int? = nil) {
        var total = [Double](repeating: 0, count: count * (count + 1) / 2)
        for (index, group) in groups.enumerated() where index != omitted {
            for place in total.indices {
                total[place] += group[place]
            }
        }
        var square = [Double](repeating: 0, count: count * count)
        var place = 0
        for row in 0..<count {
            for column in row..<count {
                square[row * count + column] = total[place]
                square[column * count + row] = total[place]
                place += 1
            }
        }
        self.init(
            count: count,
            values: (0..<count * count).map { index in
                let (row, column) = (index / count, index % count)
                return square[index] / (square[row * count + row] * square[column * count + column]).squareRoot()
            }
        )
    }

    init(count: Int, values: [Double]) {
        self.count = count
        self.values = values
    }

    /// The standard error of a strength by the definition of the jackknife.
    static func standardError(of interval: ClosedRange<Int>, sums groups: [[Double]], count: Int) -> Double? {
        let strengths = groups.indices.compactMap {
            Oracle(sums: groups, count: count, without: $0).strength(of: interval)
        }
        guard strengths.count > 1 else { return nil }
        let size = Double(strengths.count)
        let mean = strengths.reduce(0, +) / size
        return ((size - 1) / size * strengths.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }).squareRoot()
    }
}
