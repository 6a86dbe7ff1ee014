internal import LinearAlgebra

/// Standard errors of similarities by leaving one group of examples out at a time.
///
/// Follows Efron & Stein, *The jackknife estimate of variance*, Annals of Statistics 9(3), 1981,
/// [doi:10.1214/aos/1176345462][1].
///
/// [1]: https://doi.org/10.1214/aos/1176345462
struct Jackknife {
    /// The groups that have a batch.
    private let groups: [HSICAccumulator]

    /// Creates a jackknife over those of the groups that have a batch.
    init(groups: [HSICAccumulator]) {
        self.groups = groups.filter { !$0.isEmpty }
    }

    /// The standard error of every similarity, row by row; NaN where it is undefined.
    ///
    /// - Complexity: O(*g* *L*²) for *g* groups of *L* layers.
    func standardErrors(layerCount: Int) -> [Double] {
        precondition(self.groups.allSatisfy { $0.layerCount == layerCount }, "The groups are of other layers")
        guard self.groups.count > 1 else {
            return [Double](repeating: .nan, count: layerCount * layerCount)
        }
        let products = self.groups.map(\.products)
        var roots = self.groups.map { _ in [Double](repeating: 0, count: layerCount) }
        sumWithoutEach(of: self.groups.map(\.selfTerms), 0..<layerCount, into: &roots)
        for group in roots.indices {
            roots[group] = roots[group].map(selfTermRoot)
        }

        var similarities = roots
        return squareMatrix(layerCount) { row, errors in
            sumWithoutEach(of: products, packedRow(row, count: layerCount), into: &similarities)
            for (group, roots) in roots.enumerated() {
                let roots = roots.span.extracting(row...)
                var similarities = similarities[group].mutableSpan
                for index in roots.indices {
                    similarities[index] = similarities[index] / roots[0] / roots[index]
                }
            }
            fillErrors(&errors, from: similarities)
            // A layer's similarity with itself is 1 whatever is left out; what the formula leaves is rounding.
            if !errors[0].isNaN {
                errors[0] = 0
            }
        }
    }
}

/// The square root of a self term, or NaN where nothing can be divided by it.
package func selfTermRoot(_ selfTerm: Double) -> Double {
    selfTerm > 0 && selfTerm.isFinite ? selfTerm.squareRoot() : .nan
}

/// Sums a range of all terms but one, for each one left out, into the beginning of an array for each.
///
/// Sums of what is left, from both ends: subtracting from the total would leave rounding where one term is much larger
/// than the others.
package func sumWithoutEach(of terms: [[Double]], _ range: Range<Int>, into sums: inout [[Double]]) {
    var running = [Double](repeating: 0, count: range.count)
    for (index, term) in terms.enumerated() {
        let term = term.span.extracting(range)
        var running = running.mutableSpan
        var sums = sums[index].mutableSpan
        for place in term.indices {
            sums[place] = running[place]
            running[place] += term[place]
        }
    }
    running = [Double](repeating: 0, count: range.count)
    for (index, term) in terms.enumerated().reversed() {
        let term = term.span.extracting(range)
        var running = running.mutableSpan
        var sums = sums[index].mutableSpan
        for place in term.indices {
            sums[place] += running[place]
            running[place] += term[place]
        }
    }
}

/// Computes the standard errors from the similarities without each group: √((g − 1)/g · Σ (θ₍₋ᵢ₎ − mean)²).
private func fillErrors(_ errors: inout MutableSpan<Double>, from similarities: [[Double]]) {
    let groupCount = Double(similarities.count)
    var means = [Double](repeating: 0, count: errors.count)
    for group in similarities {
        for index in means.indices {
            means[index] += group[index] / groupCount
        }
    }
    for index in errors.indices {
        errors[index] = 0
    }
    for group in similarities {
        for index in errors.indices {
            let deviation = group[index] - means[index]
            errors[index] += deviation * deviation
        }
    }
    for index in errors.indices {
        errors[index] = (errors[index] * (groupCount - 1) / groupCount).squareRoot()
    }
}
