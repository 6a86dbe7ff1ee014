internal import Similarity

/// How much more alike the layers of an interval are than layers just as far apart across its edge.
///
/// With, at each distance *d* between two layers, *p* pairs inside the interval and *q* pairs of which exactly one layer is
/// inside,
///
///     M = Σ w·(mean of C over the p − mean of C over the q) ÷ Σ w        w = min(p, q), sums over d
///
/// A matrix whose values depend on the distance alone has M = 0, be it ever so high around the diagonal. Pairs that are
/// undefined do not count; where no distance has pairs of both sorts M is undefined, as for an interval of all layers.
struct BlockStrength {
    private let interval: ClosedRange<Int>

    /// The number of pairs at each distance, from 1 on.
    private let insideCounts: [Double]
    private let acrossCounts: [Double]

    /// The strength, `nil` where there is nothing to compare with.
    let value: Double?

    /// Computes the strength of an interval.
    ///
    /// - Complexity: O(*b* *L*) for *b* layers in the interval.
    init(of interval: ClosedRange<Int>, in similarities: LayerSimilarities) {
        let distanceCount = interval.count - 1
        var inside = [Double](repeating: 0, count: distanceCount)
        var across = inside
        var insideCounts = inside
        var acrossCounts = inside
        let values = similarities.values.span
        for row in interval.comparedRows {
            let rowValues = values.extracting(row * similarities.layerCount..<(row + 1) * similarities.layerCount)
            for (columns, isInside) in interval.comparedColumns(of: row, layerCount: similarities.layerCount) {
                let part = rowValues.extracting(columns)
                let distance = columns.lowerBound - row
                if isInside {
                    inside.add(part, counting: &insideCounts, at: distance)
                } else {
                    across.add(part, counting: &acrossCounts, at: distance)
                }
            }
        }
        self.interval = interval
        self.insideCounts = insideCounts
        self.acrossCounts = acrossCounts
        let strength = Self.strength(inside, across, insideCounts, acrossCounts)
        self.value = strength.isFinite ? strength : nil
    }

    /// The standard error of the strength by leaving one group of examples out at a time, `nil` where it is undefined.
    ///
    /// SE² = (g − 1)/g · Σ (M₍₋ᵢ₎ − mean)² over the *g* groups. Undefined for fewer than two groups, and where a pair that
    /// counts is undefined without one of them.
    ///
    /// - Complexity: O(*g* *b* *L*), without a similarity that is not needed.
    func standardError(in similarities: LayerSimilarities) -> Double? {
        let products = similarities.errorProducts
        let layerCount = similarities.layerCount
        guard self.value != nil, products.count > 1 else { return nil }
        let inverseRoots = inverseRootsWithoutEach(of: products, layerCount: layerCount)

        let zeros = [Double](repeating: 0, count: self.interval.count - 1)
        var inside = products.map { _ in zeros }
        var across = inside
        var sums = products.map { _ in [Double](repeating: 0, count: layerCount) }
        let values = similarities.values.span
        for row in self.interval.comparedRows {
            let rowValues = values.extracting(row * layerCount..<(row + 1) * layerCount)
            let packedStart = packedRow(row, count: layerCount).lowerBound - row
            for (columns, isInside) in self.interval.comparedColumns(of: row, layerCount: layerCount) {
                let packed = packedStart + columns.lowerBound..<packedStart + columns.upperBound
                sumWithoutEach(of: products, packed, into: &sums)
                let mask = rowValues.extracting(columns)
                let distance = columns.lowerBound - row
                for group in products.indices {
                    sums[group].scale(by: inverseRoots[group], columns, times: inverseRoots[group][row])
                    if isInside {
                        inside[group].add(sums[group], where: mask, at: distance)
                    } else {
                        across[group].add(sums[group], where: mask, at: distance)
                    }
                }
            }
        }
        let strengths = products.indices.map {
            Self.strength(inside[$0], across[$0], self.insideCounts, self.acrossCounts)
        }
        let count = Double(strengths.count)
        let mean = strengths.reduce(0, +) / count
        let squares = strengths.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let error = (squares * (count - 1) / count).squareRoot()
        return error.isFinite ? error : nil
    }

    /// The weighted mean of the differences, NaN where there are none.
    private static func strength(
        _ inside: [Double],
        _ across: [Double],
        _ insideCounts: [Double],
        _ acrossCounts: [Double]
    ) -> Double {
        var (sum, weights) = (0.0, 0.0)
        for index in inside.indices {
            let weight = min(insideCounts[index], acrossCounts[index])
            if weight > 0 {
                sum += weight * (inside[index] / insideCounts[index] - across[index] / acrossCounts[index])
                weights += weight
            }
        }
        return sum / weights
    }
}

extension ClosedRange<Int> {
    /// The rows of the upper triangle that hold pairs to compare, at most as far apart as this interval's ends.
    fileprivate var comparedRows: ClosedRange<Int> {
        Swift.max(0, self.lowerBound - self.count + 1)...self.upperBound
    }

    /// The columns of a row that hold pairs to compare: those inside this interval, and those across its edge.
    fileprivate func comparedColumns(of row: Int, layerCount: Int) -> [(columns: Range<Int>, isInside: Bool)] {
        let reach = Swift.min(row + self.count, layerCount)
        if row < self.lowerBound {
            return [(self.lowerBound..<reach, false)]
        }
        let end = self.upperBound + 1
        return [(row + 1..<end, true), (end..<Swift.max(end, reach), false)]
    }
}

/// For each group the inverse roots of the layers' self terms without it; NaN where a layer is undefined then.
private func inverseRootsWithoutEach(of products: [[Double]], layerCount: Int) -> [[Double]] {
    let selfTerms = products.map { products in
        (0..<layerCount).map { products[packedRow($0, count: layerCount).lowerBound] }
    }
    var sums = selfTerms
    sumWithoutEach(of: selfTerms, 0..<layerCount, into: &sums)
    return sums.map { $0.map { 1 / selfTermRoot($0) } }
}

extension [Double] {
    /// Adds the first values, as many as a mask has, to the places from a distance on (place 0 is distance 1), but for those
    /// where the mask is NaN.
    fileprivate mutating func add(_ values: [Double], where mask: Span<Double>, at distance: Int) {
        let values = values.span.extracting(first: mask.count)
        var sums = self.mutableSpan
        let start = distance - 1
        for index in mask.indices {
            sums[start + index] += mask[index].isNaN ? 0 : values[index]
        }
    }

    /// Adds values, but for NaN, to the places from a distance on, and one for each to other numbers.
    fileprivate mutating func add(_ values: Span<Double>, counting counts: inout [Double], at distance: Int) {
        var sums = self.mutableSpan
        var counts = counts.mutableSpan
        let start = distance - 1
        for index in values.indices {
            let isPresent = !values[index].isNaN
            sums[start + index] += isPresent ? values[index] : 0
            counts[start + index] += isPresent ? 1 : 0
        }
    }

    /// Multiplies the first numbers by a range of factors, and by one for all.
    fileprivate mutating func scale(by factors: [Double], _ range: Range<Int>, times factor: Double) {
        let factors = factors.span.extracting(range)
        var numbers = self.mutableSpan
        for index in factors.indices {
            numbers[index] *= factors[index] * factor
        }
    }
}
