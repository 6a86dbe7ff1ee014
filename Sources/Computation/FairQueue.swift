internal import DequeModule

/// Jobs of several owners, each in order, that share the workers in proportion to their cost.
///
/// Start-time fair queueing: every owner has a virtual time that advances by the cost of its jobs,
/// and the owner who is furthest behind goes next. An owner of small jobs is therefore served at
/// once beside one whose jobs are large, and neither starves. An owner who was idle starts at the
/// present: nobody saves up time, and nobody sheds a debt by pausing.
struct FairQueue<Owner: Hashable & Sendable, Job: Sendable>: Sendable {
    private struct Line: Sendable {
        /// The jobs, never none.
        var jobs: Deque<(job: Job, cost: Double)> = []
        var virtualTime: Double
    }

    /// The number of jobs that wait.
    private(set) var count = 0

    /// What the jobs that wait cost together.
    private(set) var cost = 0.0

    private var lines: [Owner: Line] = [:]
    private var virtualTime = 0.0

    /// The virtual times of owners without jobs that lie ahead of the present.
    private var debts: [Owner: Double] = [:]

    /// Appends jobs to their owner's line, in their order.
    ///
    /// - Parameters:
    ///   - jobs: The jobs, each with what it costs in any unit that is the same for all.
    ///   - owner: Whose they are.
    mutating func append(_ jobs: some Collection<(job: Job, cost: Double)>, owner: Owner) {
        guard !jobs.isEmpty else { return }
        self.withLine(of: owner) { $0.append(contentsOf: jobs) }
        self.count += jobs.count
        self.cost += jobs.reduce(0) { $0 + $1.cost }
    }

    /// Puts jobs, in their order, before all others of their owner, who does not get his turn any sooner for it.
    ///
    /// - Parameters:
    ///   - jobs: The jobs, each with what it costs in any unit that is the same for all.
    ///   - owner: Whose they are.
    mutating func prepend(_ jobs: some Collection<(job: Job, cost: Double)>, owner: Owner) {
        guard !jobs.isEmpty else { return }
        self.withLine(of: owner) { $0.prepend(contentsOf: jobs) }
        self.count += jobs.count
        self.cost += jobs.reduce(0) { $0 + $1.cost }
    }

    /// Takes the next job of the owner who has had least.
    ///
    /// - Complexity: O(number of owners that wait).
    mutating func popFirst() -> Job? {
        let next = self.lines.indices.min { self.lines.values[$0].virtualTime < self.lines.values[$1].virtualTime }
        guard let next else { return nil }
        self.virtualTime = self.lines.values[next].virtualTime
        let first = self.lines.values[next].jobs.removeFirst()
        self.lines.values[next].virtualTime += first.cost
        self.count -= 1
        // Nothing costs exactly nothing, whatever rounded before.
        self.cost = self.count == 0 ? 0 : self.cost - first.cost
        if self.lines.values[next].jobs.isEmpty {
            let (owner, line) = self.lines.remove(at: next)
            self.debts[owner] = line.virtualTime
            self.debts = self.debts.filter { $0.value > self.virtualTime }
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
            self.cost = 0
        }
        return self.lines.values.flatMap { $0.jobs.map(\.job) }
    }

    /// Adds to an owner's line, which begins here where he has none.
    private mutating func withLine(of owner: Owner, add: (inout Deque<(job: Job, cost: Double)>) -> Void) {
        let start = max(self.virtualTime, self.debts.removeValue(forKey: owner) ?? 0)
        add(&self.lines[owner, default: Line(virtualTime: start)].jobs)
    }
}
