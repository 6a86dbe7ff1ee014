public import Similarity
public import WireFormat

/// All runs of a daemon: who sends what, what became of it, and what the windows hold.
///
/// A value-type state machine without a clock: `now` is the time since the daemon started. Each
/// call returns the actions that follow from it, in their order.
public struct Monitor: Sendable {
    /// The account of messages that belong to no known run.
    public private(set) var stray = Accounting()

    private var settings: MonitorSettings
    private let memory: MemoryBudget
    private var runs: [RunID: Run] = [:]
    private var batchCount = 0

    /// Creates a monitor that knows no run.
    ///
    /// - Parameters:
    ///   - settings: What the monitor goes by.
    ///   - memory: The bytes from which the windows of the runs are paid.
    public init(settings: MonitorSettings, memory: MemoryBudget) {
        self.settings = settings
        self.memory = memory
    }

    /// The windows that every run has.
    public var windows: [WindowDefinition] {
        self.settings.windows
    }

    // MARK: Events

    /// Receives a message from an emitter.
    ///
    /// - Parameters:
    ///   - message: The decoded message.
    ///   - source: Where it came from.
    ///   - isPayloadHeld: Whether there was memory for its tensors.
    ///   - now: The time since the daemon started.
    /// - Returns: What follows from it.
    public mutating func receive(
        _ message: EmitterMessage,
        from source: SourceID,
        isPayloadHeld: Bool,
        now: Duration
    ) -> [MonitorAction] {
        guard let id = message.run else {
            guard case .rejected(let rejection) = message.content else { return [] }
            return self.reject(rejection, of: nil)
        }
        if case .rejected(let rejection) = message.content {
            return self.update(id) { $0.receive(rejection, source: source, now: now) }
                ?? self.reject(rejection, of: id)
        }
        let isNew = self.runs[id] == nil
        guard self.open(id, now: now) else {
            guard case .batch(let header) = message.content else { return [] }
            let detail = "no more than \(self.settings.maximumRunCount) runs are known at one time (limits.runs)"
            return self.reject(.of(header, reason: .tooLarge, detail: detail), of: id)
        }
        var batchCount = self.batchCount
        defer { self.batchCount = batchCount }
        return self.update(id) { run -> [MonitorAction] in
            let birth: [MonitorAction] = isNew ? [.stateChanged(run.change(silence: .zero))] : []
            let actions: [MonitorAction]
            switch message.content {
            case .batch(let header):
                actions = run.receive(header, source: source, isPayloadHeld: isPayloadHeld, now: now) {
                    batchCount += 1
                    return BatchID(run: id, number: batchCount)
                }
            case .hello(let hello): actions = run.receive(hello, source: source, now: now)
            case .alive(let alive): actions = run.receive(alive, source: source, now: now)
            case .bye(let bye): actions = run.receive(bye, source: source, now: now)
            case .rejected: actions = []
            }
            return birth + actions
        } ?? []
    }

    /// Takes what the workers made of a batch.
    public mutating func finish(
        _ batch: BatchID,
        with result: Result<BatchHSIC, NonFiniteLayer>,
        now: Duration
    ) -> [MonitorAction] {
        self.update(batch.run) { $0.finish(batch, with: result, now: now) } ?? []
    }

    /// Takes note of the time.
    ///
    /// Called several times a second.
    public mutating func tick(now: Duration) -> [MonitorAction] {
        self.updateAll { $0.tick(now: now) }
    }

    /// Notes that the daemon listens to an endpoint.
    public mutating func attach(_ source: SourceID) -> [MonitorAction] {
        [.event(MonitorEvent(kind: .attached, run: nil, detail: ["endpoint": .string(source.endpoint)]))]
    }

    /// Notes that the daemon no longer listens to an endpoint.
    ///
    /// Sessions heard there again count anew.
    public mutating func detach(_ source: SourceID, now: Duration) -> [MonitorAction] {
        let actions = self.updateAll { $0.detach(source, now: now) }
        let event = MonitorEvent(kind: .detached, run: nil, detail: ["endpoint": .string(source.endpoint)])
        return actions + [.event(event)]
    }

    /// Empties one window of a run, or all of them.
    ///
    /// - Returns: Whether the run is known.
    public mutating func reset(_ id: RunID, window: String?) -> Bool {
        self.update(id) { $0.reset(window: window) } != nil
    }

    /// Forgets a run and everything about it.
    ///
    /// - Returns: What follows from it, or `nil` where the run is not known.
    public mutating func forget(_ id: RunID) -> [MonitorAction]? {
        guard let batches = self.update(id, { $0.forget() }) else { return nil }
        self.runs[id] = nil
        return batches.map(MonitorAction.abandon) + [.forgotten(id)]
    }

    /// Goes by other settings from now on.
    ///
    /// The windows stay as they are.
    public mutating func apply(_ settings: MonitorSettings) {
        self.settings.update(from: settings)
        _ = self.updateAll { run in
            run.settings.update(from: settings)
            return []
        }
    }

    // MARK: Reading

    /// The names of the known runs, sorted.
    public var runIDs: [RunID] {
        self.runs.keys.sorted { $0.name < $1.name }
    }

    /// What is known of a run, or `nil` where it is not known.
    public func reading(of id: RunID, now: Duration) -> RunReading? {
        self.runs[id]?.reading(now: now)
    }

    /// The number of batches of all known runs whose first components were not kept, for want of memory.
    public var droppedFirstComponentCount: Int {
        self.runs.values.reduce(0) { $0 + $1.firstComponents.droppedBatchCount }
    }

    /// What a window of a run holds, or `nil` where it holds nothing.
    public func reading(of id: RunID, window: WindowDefinition) -> WindowReading? {
        self.runs[id]?.reading(of: window)
    }

    // MARK: Inside

    /// Mutates a run in place: a copy would copy its sums.
    private mutating func update<Result>(_ id: RunID, _ body: (inout Run) -> Result) -> Result? {
        guard let index = self.runs.index(forKey: id) else { return nil }
        return body(&self.runs.values[index])
    }

    /// Mutates every run in place: to hold on to a view of the runs would copy them.
    private mutating func updateAll(_ body: (inout Run) -> [MonitorAction]) -> [MonitorAction] {
        var actions: [MonitorAction] = []
        var index = self.runs.startIndex
        while index < self.runs.endIndex {
            actions += body(&self.runs.values[index])
            self.runs.formIndex(after: &index)
        }
        return actions
    }

    private mutating func open(_ id: RunID, now: Duration) -> Bool {
        guard self.runs[id] == nil else { return true }
        guard self.runs.count < self.settings.maximumRunCount else { return false }
        self.runs[id] = Run(id: id, settings: self.settings, memory: self.memory, now: now)
        return true
    }

    private mutating func reject(_ rejection: Rejection, of run: RunID?) -> [MonitorAction] {
        self.stray.outside += 1
        self.stray.rejected[rejection.reason, default: 0] += 1
        return [.rejected(run, rejection)]
    }
}
