internal import WireFormat

/// One training execution: its sessions, its generations, and its windows.
///
/// A value-type state machine. Messages come in by ``receive(_:source:isPayloadHeld:now:allocate:)``
/// and its siblings, results of the workers by ``finish(_:with:now:)``, and the passing of time by
/// ``tick(now:)``; all return what the daemon is to do.
struct Run: Sendable {
    /// The name.
    let id: RunID

    /// The bytes from which the windows are paid.
    let memory: MemoryBudget

    /// What the run goes by.
    var settings: MonitorSettings

    /// Whether messages come, have stopped coming, or are over.
    private(set) var state = RunState.live

    /// The highest step of an accumulated batch, or the last one that a sign of life named.
    var step: Int?

    /// The sessions that are told apart.
    var sessions = SessionTable()

    /// The account of the batches that belong to no session.
    var loose = Accounting()

    /// The batches of which parts are still to come.
    var assemblies: [BatchNumber: BatchAssembly] = [:]

    /// The batches that were rejected a short while ago.
    var rejected = RejectedBatches()

    /// The batches that are being computed.
    var queue = DecisionQueue()

    /// The generation of the batch that was taken in last.
    var admitted: Generation?

    /// The generation whose batches are in the windows.
    var current: Generation?

    /// The windows, `nil` before the first batch.
    var windows: WindowSet?

    /// What is kept of the first components.
    var firstComponents = RunFirstComponents()

    /// The bytes that are reserved for the windows of all generations that live.
    var windowByteCount = 0

    private var lastHeard: Duration

    /// Creates a run of which something has just been heard.
    init(id: RunID, settings: MonitorSettings, memory: MemoryBudget, now: Duration) {
        self.id = id
        self.settings = settings
        self.memory = memory
        self.lastHeard = now
    }

    /// The account of the run: of all its sessions, and of the batches that belong to none.
    var accounting: Accounting {
        self.sessions.accounting + self.loose
    }

    // MARK: Signs of life

    /// Notes a sign of life.
    mutating func hear(from source: SourceID, session: SessionID?, now: Duration) -> [MonitorAction] {
        let isNewSource = self.sessions.hear(session, source: source, now: now)
        self.lastHeard = now
        var actions: [MonitorAction] = []
        if isNewSource {
            actions.append(self.event(.attached, ["endpoint": .string(source.endpoint)]))
        }
        if self.state != .live {
            actions.append(self.event(.recovered, ["from": .string(self.state.rawValue)]))
            actions.append(self.turn(.live, now: now))
        }
        return actions
    }

    /// Receives a greeting.
    mutating func receive(_ hello: Hello, source: SourceID, now: Duration) -> [MonitorAction] {
        let actions = self.hear(from: source, session: hello.session, now: now)
        if let session = hello.session {
            self.sessions.greet(session, client: hello.client, heartbeat: hello.heartbeat)
        }
        return actions + [self.event(.hello, hello.detail)]
    }

    /// Receives a sign of life.
    mutating func receive(_ alive: Alive, source: SourceID, now: Duration) -> [MonitorAction] {
        let actions = self.hear(from: source, session: alive.session, now: now)
        if let session = alive.session, let next = alive.seq {
            self.sessions.announce(session, next: next, dropped: alive.dropped)
        }
        self.step = alive.step ?? self.step
        return actions
    }

    /// Receives a farewell.
    mutating func receive(_ bye: Bye, source: SourceID, now: Duration) -> [MonitorAction] {
        var actions = self.hear(from: source, session: bye.session, now: now)
        if let session = bye.session, let next = bye.seq {
            self.sessions.announce(session, next: next, dropped: bye.dropped)
        }
        self.sessions.end(bye.session)
        self.queue.append(.end(bye.session))
        actions += self.drain(now: now)
        actions.append(self.event(.bye, bye.detail))
        if !self.sessions.hasActiveSession(now: now, staleAfter: self.settings.staleAfter) {
            actions.append(self.turn(.ended, now: now))
        }
        return actions
    }

    // MARK: Time and commands

    /// Takes note of the time.
    mutating func tick(now: Duration) -> [MonitorAction] {
        var actions: [MonitorAction] = []
        for (number, assembly) in self.assemblies where now - assembly.started >= self.settings.assembly {
            actions += self.giveUp(assembly, number: number, now: now)
        }
        self.rejected.forget(before: now - self.settings.assembly)
        let ended = self.windows?.tick(now: now, assembly: self.settings.assembly) ?? []
        actions += self.publish(ended)
        if self.state == .live, now - self.lastHeard >= self.settings.staleAfter {
            let silence = Int((now - self.lastHeard).components.seconds)
            actions.append(self.event(.stale, ["silent_seconds": .integer(silence)]))
            actions.append(self.turn(.stale, now: now))
        }
        return actions
    }

    /// Ends the sessions that were heard from a source.
    mutating func detach(_ source: SourceID, now: Duration) -> [MonitorAction] {
        let sessions = self.sessions.sessions(of: source)
        guard !sessions.isEmpty || self.sessions.hasHeard(from: source) else { return [] }
        var actions: [MonitorAction] = []
        for (number, assembly) in self.assemblies where sessions.contains(number.session) {
            actions += self.giveUp(assembly, number: number, now: now)
        }
        self.rejected.forget(sessionsIn: sessions)
        self.sessions.retire(source)
        actions.append(self.event(.detached, ["endpoint": .string(source.endpoint)]))
        if !self.sessions.hasActiveSession(now: now, staleAfter: self.settings.staleAfter), self.state != .ended {
            actions.append(self.turn(.ended, now: now))
        }
        return actions
    }

    /// Empties one window, or all of them.
    mutating func reset(window: String?) {
        self.windows?.reset(window: window)
    }

    /// Gives back what the run holds, and returns the batches that are not decided.
    mutating func forget() -> [BatchID] {
        self.memory.release(self.windowByteCount)
        self.windowByteCount = 0
        self.windows = nil
        self.firstComponents.forget(memory: self.memory)
        return self.assemblies.values.map(\.batch) + self.queue.batches.map(\.batch)
    }

    // MARK: Reading

    /// What a window holds now, or `nil` while it holds nothing.
    func reading(of definition: WindowDefinition) -> WindowReading? {
        guard let generation = self.current, let sums = self.sums(of: definition) else { return nil }
        return WindowReading(
            run: self.id,
            window: definition,
            generation: generation.number,
            layers: generation.layers,
            sums: sums,
            accounting: self.accounting
        )
    }

    /// What is known of the run.
    func reading(now: Duration) -> RunReading {
        RunReading(
            run: self.id,
            state: self.state.rawValue,
            step: self.step,
            generation: self.current?.number,
            layers: self.current?.layers ?? [],
            windows: self.settings.windows.map { ($0, self.sums(of: $0)) },
            accounting: self.accounting,
            sessions: self.sessions.readings(now: now)
        )
    }

    private func sums(of definition: WindowDefinition) -> WindowSums? {
        self.windows?.sums(of: definition, shares: self.firstComponents.shares)
    }

    private mutating func turn(_ state: RunState, now: Duration) -> MonitorAction {
        self.state = state
        return .stateChanged(self.change(silence: now - self.lastHeard))
    }

    /// The state, with what is known of the run.
    func change(silence: Duration) -> RunStateChange {
        RunStateChange(
            run: self.id,
            state: self.state,
            silence: silence,
            generation: self.current?.number,
            step: self.step,
            accounting: self.accounting
        )
    }

    /// Something that happened to this run.
    func event(_ kind: MonitorEvent.Kind, _ detail: JSONObject) -> MonitorAction {
        .event(MonitorEvent(kind: kind, run: self.id, detail: detail))
    }
}
