internal import DequeModule

/// Jobs of several owners, each in order, that share the workers in proportion to their cost.
///
/// Start-time fair queueing: every owner has a virtual time that advances by the cost of its jobs,
/// and the owner who is furthest behind goes next. An owner of small jobs is therefore served at
/// once beside one whose jobs are large, and neither starves. An owner who was idle starts at the
/// present: nobody saves up time, and nobody sheds a debt by pausing.
struct FairQueue<Owner: Hashable & Sendable, Job: Sendable>: Sendable {
    private struct Line: Sendable {
        var jobs: Deque<(job: Job, cost: Double)> = []
        var virtualTime: Double
    }

    /// The number of jobs that wait.
    private(set) var count = 0

    private var lines: [Owner: Line] = [:]
    private var virtualTime = 0.0

    /// The virtual times of owners without jobs that lie ahead of the present.
    private var debts: [Owner: Double] = [:]

    /// Appends a job to its owner's line.
    ///
    /// - Parameters:
    ///   - job: The job.
    ///   - owner: Whose it is.
    ///   - cost: What it costs, in any unit that is the same for all.
    mutating func append(_ job: Job, owner: Owner, cost: Double) {
        self.open(owner)
        self.lines[owner]?.jobs.append((job, cost))
        self.count += 1
    }

    /// Puts a job before all others of its owner, who does not get his turn any sooner for it.
    ///
    /// - Parameters:
    ///   - job: The job.
    ///   - owner: Whose it is.
    ///   - cost: What it costs, in any unit that is the same for all.
    mutating func prepend(_ job: Job, owner: Owner, cost: Double) {
        self.open(owner)
        self.lines[owner]?.jobs.prepend((job, cost))
        self.count += 1
    }

    /// Takes the next job of the owner who has had least.
    ///
    /// - Complexity: O(number of owners that wait).
    mutating func popFirst() -> Job? {
        let next = self.lines.min { $0.value.virtualTime < $1.value.virtualTime }?.key
        guard let owner = next, var line = self.lines.removeValue(forKey: owner) else { return nil }
        let first = line.jobs.removeFirst()
        self.virtualTime = line.virtualTime
        line.virtualTime += first.cost
        self.count -= 1
        if line.jobs.isEmpty {
            self.debts[owner] = line.virtualTime
            self.debts = self.debts.filter { $0.value > self.virtualTime }
        } else {
            self.lines[owner] = line
        }
        return first.job
    }

    /// Takes all jobs, in no particular order.
    ///
    /// Nobody's time passes by that.
    mutating func removeAll() -> [Job] {
        defer {
            self.lines = [:]
            self.count = 0
        }
        return self.lines.values.flatMap { $0.jobs.map(\.job) }
    }

    /// Begins an owner's line where he has none.
    private mutating func open(_ owner: Owner) {
        guard self.lines[owner] == nil else { return }
        let debt = self.debts.removeValue(forKey: owner) ?? 0
        self.lines[owner] = Line(virtualTime: max(self.virtualTime, debt))
    }
}
