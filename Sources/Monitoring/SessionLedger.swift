internal import WireFormat

/// The exact account of one session: what became of every number that its emitter used.
///
/// A session counts from the first number that was heard of it, and from the `dropped` that came
/// with that number: what happened before is not ours to judge. Every number from there on is in
/// one place: accumulated, rejected, dropped by the emitter, lost, or pending. A gap is lost until
/// its number arrives, unless the emitter says that it gave so many numbers up.
struct SessionLedger: Sendable {
    private var numbers = NumberSet()
    private var arrivedBelowBaseCount = 0
    private var base: Int?
    private var next = 0
    private var reportedDroppedCount: Int?
    private var droppedBase = 0

    private var accumulatedCount = 0
    private var rejectedCounts: [RejectionReason: Int] = [:]
    private var pendingCount = 0

    /// The account as it stands.
    var accounting: Accounting {
        let missing = self.missingCount
        let dropped = min(max(0, (self.reportedDroppedCount ?? 0) - self.droppedBase), missing)
        var accounting = Accounting()
        accounting.attempted = self.attemptedCount
        accounting.accumulated = self.accumulatedCount
        accounting.rejected = self.rejectedCounts
        accounting.dropped = dropped
        accounting.lost = missing - dropped
        accounting.pending = self.pendingCount
        return accounting
    }

    /// The number that the session will use next, as far as heard, `nil` while none was heard.
    var nextNumber: Int? {
        self.base == nil ? nil : self.next
    }

    /// Whether a number has arrived before.
    func hasArrived(_ number: Int) -> Bool {
        self.numbers.contains(number)
    }

    /// Takes a number into the account as pending.
    ///
    /// - Parameters:
    ///   - number: The batch's number, which has not arrived before.
    ///   - dropped: How many numbers below it the emitter says that it gave up.
    mutating func arrive(_ number: Int, dropped: Int?) {
        let isFirst = self.begin(at: number, dropped: dropped)
        if let base = self.base, number < base {
            self.arrivedBelowBaseCount += 1
        }
        _ = self.numbers.insert(number)
        self.pendingCount += 1
        self.next = max(self.next, number + 1)
        if !isFirst {
            self.report(dropped: dropped)
        }
    }

    /// Takes what a message without a batch says of the session's numbers.
    ///
    /// - Parameters:
    ///   - next: The number that the session will use next.
    ///   - dropped: How many numbers below it the emitter says that it gave up.
    mutating func announce(next: Int, dropped: Int?) {
        let isFirst = self.begin(at: next, dropped: dropped)
        self.next = max(self.next, next)
        if !isFirst {
            self.report(dropped: dropped)
        }
    }

    /// Decides a pending number: it was added to the windows.
    mutating func accumulate() {
        self.pendingCount -= 1
        self.accumulatedCount += 1
    }

    /// Decides a pending number: it was rejected.
    mutating func reject(_ reason: RejectionReason) {
        self.pendingCount -= 1
        self.rejectedCounts[reason, default: 0] += 1
    }

    /// Counts a message whose number had arrived before.
    ///
    /// It is in no sum: its number is already.
    mutating func countDuplicate() {
        self.rejectedCounts[.duplicate, default: 0] += 1
    }

    private var attemptedCount: Int {
        self.base.map { self.next - $0 + self.arrivedBelowBaseCount } ?? 0
    }

    private var missingCount: Int {
        self.attemptedCount - self.numbers.count
    }

    /// Starts the account at the first number heard.
    private mutating func begin(at number: Int, dropped: Int?) -> Bool {
        guard self.base == nil else { return false }
        self.base = number
        self.next = number
        if let dropped {
            self.reportedDroppedCount = dropped
            self.droppedBase = dropped
        }
        return true
    }

    private mutating func report(dropped: Int?) {
        guard let dropped else { return }
        guard let known = self.reportedDroppedCount else {
            // The session said nothing of drops until now: they cannot be more than what is missing here.
            self.reportedDroppedCount = dropped
            self.droppedBase = max(0, dropped - self.missingCount)
            return
        }
        self.reportedDroppedCount = max(known, dropped)
    }
}
