/// The candidate that a misspelt word most likely meant, or `nil` where none is near.
///
/// Near is at most one mistake in every three letters: a letter left out, put in, changed, or swapped with its
/// neighbour (the optimal string alignment distance).
///
/// - Complexity: O(*c·m·n*) for *c* candidates of length *n* and a word of length *m*.
func closestSpelling(to word: String, among candidates: [String]) -> String? {
    candidates
        .map { (candidate: $0, distance: spellingDistance(word.lowercased(), $0.lowercased())) }
        .filter { $0.distance <= max(1, max(word.count, $0.candidate.count) / 3) }
        .min { $0.distance < $1.distance }?
        .candidate
}

/// The number of letters left out, put in, changed or swapped with their neighbours between two words.
func spellingDistance(_ first: String, _ second: String) -> Int {
    let first = Array(first)
    let second = Array(second)
    var beforeLast: [Int] = []
    var last = Array(0...second.count)
    for i in first.indices {
        var row = [i + 1]
        for j in second.indices {
            var distance = min(row[j] + 1, last[j + 1] + 1, last[j] + (first[i] == second[j] ? 0 : 1))
            if i > 0, j > 0, first[i] == second[j - 1], first[i - 1] == second[j] {
                distance = min(distance, beforeLast[j - 1] + 1)
            }
            row.append(distance)
        }
        beforeLast = last
        last = row
    }
    return last[second.count]
}
