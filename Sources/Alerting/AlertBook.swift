public import WireFormat

/// All alerts of a daemon: what is pending, fires, and was resolved a short while ago.
///
/// A value-type state machine without a clock. Each call returns what follows from it, in its order. No data never resolves
/// an alert: what is not evaluated stays as it is.
public struct AlertBook: Hashable, Sendable {
    /// How long a resolved alert is told to late subscribers, in seconds.
    public static let resolvedTime = 15.0 * 60

    /// The number of runs whose alerts are kept; beyond it those go that have been over, and then silent, for longest.
    public static let runCapacity = 1024

    /// What is watched.
    public private(set) var rules: AlertRules

    /// The runs, by name.
    var runs: [RunID: RunAlerts] = [:]

    /// Creates a book without alerts.
    public init(rules: AlertRules) {
        self.rules = rules
    }

    /// Every alert that late subscribers get, by run, the oldest first.
    public var alerts: [Alert] {
        self.runs.values.sorted { $0.run.name < $1.run.name }.flatMap { run in
            run.lives.filter(\.isListed).map(\.alert)
        }
    }

    /// Takes the evaluation of a window.
    public mutating func evaluate(_ evaluation: WindowEvaluation, now: Moment) -> [AlertAction] {
        let rules = self.rules
        return self.update(evaluation.run, now: now) { run in
            run.lastHeard = now.time
            return run.evaluate(evaluation, rules: rules, now: now)
        }
    }

    /// Notes that a run's batches come, have stopped coming, or are over.
    ///
    /// - Parameters:
    ///   - data: What is known of the run's data.
    ///   - silence: How long the run has been silent, where it is stale.
    ///   - figures: What else is known of the run, `nil` where nothing is.
    ///   - run: The run.
    ///   - now: The time.
    /// - Returns: What is to be done because of it.
    public mutating func note(
        _ data: Alert.DataState,
        silence: Duration? = nil,
        figures: RunFigures? = nil,
        of run: RunID,
        now: Moment
    ) -> [AlertAction] {
        let rules = self.rules
        return self.update(run, now: now) { run in
            run.note(data, silence: silence, figures: figures, rules: rules, now: now)
        }
    }

    /// Notes that a batch was rejected since a layer of it is not finite.
    public mutating func note(_ news: NonFiniteNews, now: Moment) -> [AlertAction] {
        self.update(news.run, now: now) { run in
            run.noteNonFinite(
                layer: news.layer,
                of: news.layers,
                generation: news.generation,
                step: news.step,
                accounting: news.accounting,
                now: now
            )
        }
    }

    /// Lets evaluations of a run's window that was emptied count anew, or those of all its windows.
    public mutating func reset(window: String?, of run: RunID) {
        self.runs[run]?.reset(window: window)
    }

    /// Forgets a run.
    ///
    /// What is active is told as resolved, its data ended, before it goes.
    public mutating func forget(_ run: RunID, now: Moment) -> [AlertAction] {
        self.runs.removeValue(forKey: run).map { forgotten in
            var forgotten = forgotten
            return forgotten.forget(now: now)
        } ?? []
    }

    /// Whether anything is known of a run.
    public func knows(_ run: RunID) -> Bool {
        self.runs[run] != nil
    }

    /// Goes by other rules from now on.
    public mutating func apply(_ rules: AlertRules, now: Moment) -> [AlertAction] {
        self.rules = rules
        return self.updateAll { $0.apply(rules, now: now) }
    }

    /// Takes note of the time.
    public mutating func tick(now: Moment) -> [AlertAction] {
        let rules = self.rules
        let actions = self.updateAll { $0.tick(rules: rules, now: now) }
        let past = self.runs.values.filter {
            $0.data != .ok && now.time - $0.lastHeard >= rules.history.inSeconds
        }
        return actions + past.flatMap { self.forget($0.run, now: now) }
    }

    // MARK: Inside

    private mutating func update(_ id: RunID, now: Moment, _ body: (inout RunAlerts) -> [AlertAction]) -> [AlertAction]
    {
        var actions: [AlertAction] = []
        if self.runs[id] == nil, self.runs.count >= Self.runCapacity, let run = self.mostForgettable {
            actions += self.forget(run, now: now)
        }
        var run = self.runs.removeValue(forKey: id) ?? RunAlerts(run: id, now: now)
        actions += body(&run)
        self.runs[id] = run
        return actions
    }

    private mutating func updateAll(_ body: (inout RunAlerts) -> [AlertAction]) -> [AlertAction] {
        var actions: [AlertAction] = []
        for id in self.runs.keys.sorted(by: { $0.name < $1.name }) {
            guard var run = self.runs.removeValue(forKey: id) else { continue }
            actions += body(&run)
            self.runs[id] = run
        }
        return actions
    }

    /// The run whose alerts are missed least.
    private var mostForgettable: RunID? {
        self.runs.values.min { one, other in
            let order: [Alert.DataState] = [.ended, .stale, .ok]
            let ranks = (order.firstIndex(of: one.data) ?? 0, order.firstIndex(of: other.data) ?? 0)
            return ranks.0 == ranks.1 ? one.lastHeard < other.lastHeard : ranks.0 < ranks.1
        }?.run
    }
}

/// What is known of a run at one moment.
public struct RunFigures: Hashable, Sendable {
    /// The number of the generation, `nil` before the first batch.
    public var generation: Int?

    /// The last step heard of.
    public var step: Int?

    /// The account of the run.
    public var accounting: Accounting

    /// Creates figures.
    public init(generation: Int?, step: Int?, accounting: Accounting) {
        self.generation = generation
        self.step = step
        self.accounting = accounting
    }
}

/// A batch that was rejected since a layer of it holds a value that is not a number, or infinite.
public struct NonFiniteNews: Hashable, Sendable {
    /// The run.
    public var run: RunID

    /// The name of the layer.
    public var layer: String

    /// The names of all layers of the batch, in order.
    public var layers: [String]

    /// The number of the generation.
    public var generation: Int

    /// The batch's step.
    public var step: Int

    /// The account of the run, with this batch.
    public var accounting: Accounting

    /// Creates the news.
    public init(run: RunID, layer: String, layers: [String], generation: Int, step: Int, accounting: Accounting) {
        self.run = run
        self.layer = layer
        self.layers = layers
        self.generation = generation
        self.step = step
        self.accounting = accounting
    }
}
