internal import Similarity
internal import WireFormat

/// What the batches of a window are: how many, of which steps, and which numbers between them lack.
struct WindowCoverage: Sendable {
    /// The range of numbers of one session that a window spans, and how many of them it holds.
    private struct NumberRange: Sendable {
        var first: Int
        var last: Int
        var count: Int

        // A session that counts anew may use a number twice.
        var missingCount: Int { max(0, self.last - self.first + 1 - self.count) }
    }

    /// The number of sessions told apart before one of them is folded into a sum.
    private static let maximumSessionCount = 1024

    /// The lowest and the highest step, or `nil` while there is no batch.
    private(set) var steps: ClosedRange<Int>?

    /// The number of batches.
    private(set) var batchCount = 0

    /// The number of examples, counted once for each batch that they are in.
    private(set) var exampleCount = 0

    /// Whether any batch belongs to a probe set.
    private(set) var hasProbe = false

    /// The place of the first batch among all of its generation, or `nil` while there is no batch.
    private(set) var firstOrdinal: Int?

    /// The number of distinct batches of probe sets, `nil` where no batch says which one of a probe set it is.
    ///
    /// Beyond ``maximumProbeBatchCount`` they are no longer told apart.
    var probeBatchCount: Int? { self.probeBatches.isEmpty ? nil : self.probeBatches.count }

    private struct ProbeBatch: Hashable, Sendable {
        let probe: String
        let index: Int
    }

    /// The number of batches of probe sets that are told apart.
    private static let maximumProbeBatchCount = 1024

    private var probeBatches: Set<ProbeBatch> = []

    private var unnumberedCount = 0
    private var foldedMissingCount = 0
    private var numbers: [SessionID: NumberRange] = [:]

    /// The numbers that belong between the first and the last batch and are not there.
    ///
    /// `nil` where a batch came without a number: nothing can be said of gaps then.
    var missingCount: Int? {
        guard self.unnumberedCount == 0 else { return nil }
        return self.numbers.values.reduce(self.foldedMissingCount) { $0 &+ $1.missingCount }
    }

    /// Counts one batch.
    mutating func add(_ batch: AppliedBatch) {
        self.widen(to: batch.step...batch.step)
        self.batchCount += 1
        self.exampleCount += batch.hsic.exampleCount
        self.hasProbe = self.hasProbe || batch.probe != nil
        self.firstOrdinal = min(self.firstOrdinal ?? batch.ordinal, batch.ordinal)
        if let probe = batch.probe, let index = batch.batchIndex,
            self.probeBatches.count < Self.maximumProbeBatchCount
        {
            self.probeBatches.insert(ProbeBatch(probe: probe, index: index))
        }
        if let number = batch.number {
            self.include(NumberRange(first: number.seq, last: number.seq, count: 1), of: number.session)
        } else {
            self.unnumberedCount += 1
        }
    }

    /// Counts what another coverage counts.
    mutating func merge(_ other: WindowCoverage) {
        if let steps = other.steps {
            self.widen(to: steps)
        }
        self.batchCount += other.batchCount
        self.exampleCount += other.exampleCount
        self.hasProbe = self.hasProbe || other.hasProbe
        if let firstOrdinal = other.firstOrdinal {
            self.firstOrdinal = min(self.firstOrdinal ?? firstOrdinal, firstOrdinal)
        }
        if self.probeBatches.count < Self.maximumProbeBatchCount {
            self.probeBatches.formUnion(other.probeBatches)
        }
        self.unnumberedCount += other.unnumberedCount
        self.foldedMissingCount &+= other.foldedMissingCount
        for (session, range) in other.numbers {
            self.include(range, of: session)
        }
    }

    private mutating func widen(to steps: ClosedRange<Int>) {
        guard let known = self.steps else {
            self.steps = steps
            return
        }
        self.steps = min(known.lowerBound, steps.lowerBound)...max(known.upperBound, steps.upperBound)
    }

    private mutating func include(_ range: NumberRange, of session: SessionID) {
        guard var known = self.numbers[session] else {
            if self.numbers.count >= Self.maximumSessionCount, let folded = self.numbers.first {
                self.foldedMissingCount &+= folded.value.missingCount
                self.numbers[folded.key] = nil
            }
            self.numbers[session] = range
            return
        }
        known.first = min(known.first, range.first)
        known.last = max(known.last, range.last)
        known.count += range.count
        self.numbers[session] = known
    }
}
