internal import Similarity

/// The sums of a window, kept as at most eight groups of batches so that errors can be estimated.
///
/// The groups separate *examples*. A probe set that is swept twice brings no new evidence about
/// other examples, so a probe batch belongs to the group of its index in the pass, at every step;
/// any other batch goes to the next group in turn.
struct GroupedSums: Sendable {
    /// The number of groups.
    static let groupCount = 8

    private let layerCount: Int
    private var groups = [HSICAccumulator?](repeating: nil, count: Self.groupCount)
    private var runningNumber = 0

    /// Creates empty sums.
    init(layerCount: Int) {
        self.layerCount = layerCount
    }

    /// The groups that hold a batch.
    var nonEmptyGroups: [HSICAccumulator] {
        self.groups.compactMap { $0 }
    }

    /// Adds a batch to its group.
    mutating func add(_ batch: AppliedBatch, weight: Double = 1) {
        let group = self.group(for: batch)
        self.groups[group, default: HSICAccumulator(layerCount: self.layerCount)].add(batch.hsic, weight: weight)
    }

    /// Multiplies all weights by a factor.
    mutating func scale(by factor: Double) {
        for index in self.groups.indices {
            self.groups[index]?.scale(by: factor)
        }
    }

    private mutating func group(for batch: AppliedBatch) -> Int {
        if batch.probe != nil, let index = batch.batchIndex {
            return index % Self.groupCount
        }
        defer { self.runningNumber += 1 }
        return self.runningNumber % Self.groupCount
    }
}

extension [HSICAccumulator?] {
    /// The element at an index, made first where there is none yet, and mutated in place.
    fileprivate subscript(index: Int, default initial: @autoclosure () -> HSICAccumulator) -> HSICAccumulator {
        get { self[index] ?? initial() }
        _modify {
            var value = self[index] ?? initial()
            // Taken out while it is mutated: a second reference would copy the sums.
            self[index] = nil
            defer { self[index] = value }
            yield &value
        }
    }
}
