/// The disjoint intervals of layers that are most alike, by dynamic programming.
///
/// Chooses the intervals that maximise
///
///     Σ max(Cᵢⱼ − threshold, −penalty)        over all pairs i < j inside an interval
///
/// of at least a number of layers each; any layer may stay outside. Going through the first layer *a* of an interval from
/// the last to the first, the score of *a*…*b* is that of *a* + 1…*b* and a running sum along row *a*: each pair is looked
/// at once. Of choices that score alike the one with fewer layers inside is taken, and so a score of zero is none.
///
/// A pair that is undefined scores zero. An interval begins and ends with a layer that is defined, and only those count.
struct SimilarIntervals {
    /// The intervals, in order.
    let intervals: [ClosedRange<Int>]

    /// Searches a matrix.
    ///
    /// - Complexity: O(*L*²).
    init(_ similarities: LayerSimilarities, isDefined: [Bool], criteria: BlockCriteria) {
        let count = similarities.layerCount
        let (threshold, penalty) = (criteria.threshold, criteria.penalty)
        /// The best score of the layers from each one on, and the last layer of the interval that begins there, if any.
        var best = [Double](repeating: 0, count: count + 1)
        var lasts = [Int](repeating: -1, count: count)
        /// The score of the interval from the row to each column, and how many of the layers up to a column are defined.
        var scores = [Double](repeating: 0, count: count)
        var definedCounts = [Int](repeating: 0, count: count + 1)
        for layer in 0..<count {
            definedCounts[layer + 1] = definedCounts[layer] + (isDefined[layer] ? 1 : 0)
        }

        let values = similarities.values.span
        /// Where the stretch that an interval may lie in ends, and how many undefined layers in a row there are.
        var end = count
        var holeLength = 0
        for first in (0..<count).reversed() {
            best[first] = best[first + 1]
            guard isDefined[first] else {
                holeLength += 1
                if holeLength >= criteria.intervalLayers {
                    end = first
                }
                continue
            }
            holeLength = 0
            let row = values.extracting(first * count..<(first + 1) * count)
            var running = 0.0
            var (bestScore, bestLast) = (best[first], -1)
            for last in first + 1..<max(end, first + 1) {
                let excess = row[last] - threshold
                // Neither comparison holds for NaN.
                running += excess > -penalty ? excess : (excess <= -penalty ? -penalty : 0)
                scores[last] += running
                let score = scores[last] + best[last + 1]
                if score > bestScore, isDefined[last],
                    definedCounts[last + 1] - definedCounts[first] >= criteria.intervalLayers
                {
                    (bestScore, bestLast) = (score, last)
                }
            }
            best[first] = bestScore
            lasts[first] = bestLast
        }

        var intervals: [ClosedRange<Int>] = []
        var layer = 0
        while layer < count {
            if lasts[layer] < 0 {
                layer += 1
            } else {
                intervals.append(layer...lasts[layer])
                layer = lasts[layer] + 1
            }
        }
        self.intervals = intervals
    }
}
