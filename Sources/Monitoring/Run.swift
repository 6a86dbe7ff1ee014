internal import Similarity
internal import WireFormat

/// One training execution: its sessions, its generations, and its windows.
///
/// A value-type state machine. Messages come in by ``receive(_:source:isPayloadHeld:context:)`` and
/// its siblings, results of the workers by ``finish(_:with:now:)``, and the passing of time by
/// ``tick(now:)``; all return what the daemon is to do.
struct Run: Sendable {
    /// What a run does at the moment.
    enum State: String, Sendable {
        case live, stale, ended
    }

    /// The name.
    let id: RunID

    /// Whether messages come, have stopped coming, or are over.
    private(set) var state = State.live

    /// The highest step of an accumulated batch, or the last one that a sign of life named.
    private(set) var step: Int?

    /// The sessions that are told apart.
    private(set) var sessions = SessionTable()

    private var settings: MonitorSettings
    private let memory: MemoryBudget
    private var loose = Accounting()
    private var assemblies: [BatchNumber: BatchAssembly] = [:]
    private var queue = DecisionQueue()
    private var admitted: Generation?
    private var current: Generation?
    private var windows: WindowSet?
    private var windowByteCount = 0
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

    /// The generation whose batches are in the windows.
    var generation: Generation? {
        self.current
    }

    // MARK: Messages

    /// Receives a batch, or a part of one, of which nothing stateless is wrong.
    ///
    /// - Parameters:
    ///   - isPayloadHeld: Whether there was memory for the tensors.
    ///   - allocate: Gives the next batch identifier.
    mutating func receive(
        _ header: BatchHeader,
        source: SourceID,
        isPayloadHeld: Bool,
        now: Duration,
        allocate: () -> BatchID
    ) -> [MonitorAction] {
        var actions = self.hear(from: source, session: header.session, now: now)
        guard let number = header.number else {
            actions += self.receiveUnnumbered(header, isPayloadHeld: isPayloadHeld, now: now, allocate: allocate)
            return actions
        }

        let known = self.assemblies[number]
        if known == nil {
            if self.sessions.hasArrived(number) {
                self.sessions.countDuplicate(of: number.session)
                return actions
            }
            self.sessions.arrive(number, dropped: header.dropped)
        }
        var assembly = known ?? BatchAssembly(batch: allocate(), header: header, now: now)
        // Taken out while it is mutated, put back where more parts are to come.
        self.assemblies[number] = nil
        let reception = assembly.receive(header)
        switch reception {
        case .duplicate:
            self.sessions.countDuplicate(of: number.session)
            self.assemblies[number] = assembly
        case .late:
            self.assemblies[number] = assembly
        case .inconsistent:
            let rejection = Rejection.of(
                header,
                reason: .inconsistent,
                detail: "the parts of the batch contradict each other"
            )
            actions += self.reject(assembly, number: number, rejection: rejection, now: now)
        case .accepted, .completed:
            guard isPayloadHeld else {
                let rejection = Rejection.of(header, reason: .overBudget, detail: Self.overBudgetDetail)
                actions += self.reject(assembly, number: number, rejection: rejection, now: now)
                break
            }
            actions.append(.compute(assembly.batch))
            if case .completed = reception {
                actions += self.complete(assembly, number: number, now: now)
            } else {
                self.assemblies[number] = assembly
            }
        }
        return actions
    }

    /// Receives a message that is rejected whatever the run's state.
    mutating func receive(_ rejection: Rejection, source: SourceID, now: Duration) -> [MonitorAction] {
        var actions: [MonitorAction] = []
        if rejection.reason > .version {
            actions += self.hear(from: source, session: rejection.session, now: now)
        }
        guard let number = rejection.number else {
            self.loose.outside += 1
            self.loose.rejected[rejection.reason, default: 0] += 1
            return actions + [.rejected(self.id, rejection)]
        }
        self.sessions.open(number.session, source: source, now: now)

        if let assembly = self.assemblies[number] {
            return actions + self.receive(rejection, of: number, in: assembly, now: now)
        }
        if self.sessions.hasArrived(number) {
            if rejection.reason > .duplicate {
                self.sessions.countDuplicate(of: number.session)
            } else {
                // Its number is in the account already: the message is one more, outside of it.
                self.loose.outside += 1
                self.loose.rejected[rejection.reason, default: 0] += 1
            }
            return actions + [.rejected(self.id, rejection)]
        }
        self.sessions.arrive(number, dropped: rejection.dropped)
        self.sessions.reject(self.sessions.owner(of: number.session), reason: rejection.reason)
        actions.append(.rejected(self.id, rejection))
        return actions + self.settle(rejection, session: number.session, now: now)
    }

    /// Receives a greeting.
    mutating func receive(_ hello: Hello, source: SourceID, now: Duration) -> [MonitorAction] {
        let actions = self.hear(from: source, session: hello.session, now: now)
        if let session = hello.session {
            self.sessions.greet(session, client: hello.client, heartbeat: hello.heartbeat)
        }
        return actions + [.event(MonitorEvent(kind: .hello, run: self.id, detail: hello.detail))]
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
        if let session = bye.session {
            if let next = bye.seq {
                self.sessions.announce(session, next: next, dropped: bye.dropped)
            }
            self.sessions.end(session)
        }
        self.queue.append(.end(bye.session))
        actions += self.drain(now: now)
        actions.append(.event(MonitorEvent(kind: .bye, run: self.id, detail: bye.detail)))
        if !self.sessions.hasActiveSession(now: now, staleAfter: self.settings.staleAfter) {
            self.state = .ended
        }
        return actions
    }

    // MARK: Results, time, commands

    /// Takes what the workers made of a batch.
    mutating func finish(
        _ batch: BatchID,
        with result: Result<BatchHSIC, NonFiniteLayer>,
        now: Duration
    ) -> [MonitorAction] {
        guard self.queue.finish(batch, with: result) else { return [] }
        return self.drain(now: now)
    }

    /// Takes note of the time.
    mutating func tick(now: Duration) -> [MonitorAction] {
        var actions: [MonitorAction] = []
        for (number, assembly) in self.assemblies where now - assembly.started >= self.settings.assembly {
            if assembly.isRejected {
                self.assemblies[number] = nil
            } else {
                actions += self.giveUp(assembly, number: number, now: now)
            }
        }
        if var windows = self.windows {
            self.windows = nil
            let ended = windows.tick(now: now, assembly: self.settings.assembly)
            self.windows = windows
            actions += self.publish(ended)
        }
        if self.state == .live, now - self.lastHeard >= self.settings.staleAfter {
            self.state = .stale
            actions.append(
                self.event(.stale, ["silent_seconds": .integer(Int((now - self.lastHeard).components.seconds))])
            )
        }
        return actions
    }

    /// Applies new settings. The windows stay as they are.
    mutating func apply(_ settings: MonitorSettings) {
        self.settings.maximumRunCount = settings.maximumRunCount
        self.settings.assembly = settings.assembly
        self.settings.staleAfter = settings.staleAfter
    }

    /// Ends the sessions that were heard from a source.
    mutating func detach(_ source: SourceID, now: Duration) -> [MonitorAction] {
        let sessions = self.sessions.sessions(of: source)
        guard !sessions.isEmpty || self.sessions.anonymousSource == source else { return [] }
        var actions: [MonitorAction] = []
        for (number, assembly) in self.assemblies where sessions.contains(number.session) {
            if !assembly.isRejected {
                actions += self.giveUp(assembly, number: number, now: now)
            }
            self.assemblies[number] = nil
        }
        self.sessions.retire(source)
        actions.append(self.event(.detached, ["endpoint": .string(source.endpoint)]))
        if !self.sessions.hasActiveSession(now: now, staleAfter: self.settings.staleAfter), self.state == .live {
            self.state = .ended
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
        let assembling = self.assemblies.values.filter { !$0.isRejected }.map(\.batch)
        return assembling + self.queue.batches.map(\.batch)
    }

    // MARK: Reading

    /// What a window holds now, or `nil` while it holds nothing.
    func reading(of definition: WindowDefinition) -> WindowReading? {
        guard let generation = self.current, let sums = self.windows?.sums(of: definition) else { return nil }
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
            windows: self.settings.windows.map { ($0, self.reading(of: $0)?.sums) },
            accounting: self.accounting,
            sessions: self.sessions.readings(now: now)
        )
    }
}

// MARK: Inside

extension Run {
    private static let overBudgetDetail = "no memory is left under limits.memory"

    /// Notes a sign of life.
    private mutating func hear(from source: SourceID, session: SessionID?, now: Duration) -> [MonitorAction] {
        let isNewSource = self.sessions.hear(session, source: source, now: now)
        self.lastHeard = now
        var actions: [MonitorAction] = []
        if isNewSource {
            actions.append(self.event(.attached, ["endpoint": .string(source.endpoint)]))
        }
        if self.state != .live {
            actions.append(self.event(.recovered, ["from": .string(self.state.rawValue)]))
            self.state = .live
        }
        return actions
    }

    private func event(_ kind: MonitorEvent.Kind, _ detail: JSONObject) -> MonitorAction {
        .event(MonitorEvent(kind: kind, run: self.id, detail: detail))
    }

    private mutating func receiveUnnumbered(
        _ header: BatchHeader,
        isPayloadHeld: Bool,
        now: Duration,
        allocate: () -> BatchID
    ) -> [MonitorAction] {
        var assembly = BatchAssembly(batch: allocate(), header: header, now: now)
        _ = assembly.receive(header)
        switch self.admission(of: assembly, session: nil, isPayloadHeld: isPayloadHeld, now: now) {
        case .failure(let rejection):
            self.loose.outside += 1
            self.loose.rejected[rejection.reason, default: 0] += 1
            return [.rejected(self.id, rejection)] + self.settle(rejection, session: nil, now: now)
        case .success(let admitted):
            self.loose.unnumbered += 1
            self.loose.pending += 1
            return [.compute(assembly.batch)] + self.enqueue(assembly, admitted, owner: nil)
        }
    }

    private mutating func complete(_ assembly: BatchAssembly, number: BatchNumber, now: Duration) -> [MonitorAction] {
        switch self.admission(of: assembly, session: number.session, isPayloadHeld: true, now: now) {
        case .failure(let rejection):
            return self.reject(assembly, number: number, rejection: rejection, now: now)
        case .success(let admitted):
            return self.enqueue(assembly, admitted, owner: self.sessions.owner(of: number.session))
        }
    }

    private struct Admitted {
        let generation: Generation
        let order: LayerOrder
    }

    /// Decides whether a batch whose layers are all known fits the run.
    private mutating func admission(
        of assembly: BatchAssembly,
        session: SessionID?,
        isPayloadHeld: Bool,
        now: Duration
    ) -> Result<Admitted, Rejection> {
        let header = assembly.header
        guard let order = assembly.layerOrder() else {
            return .failure(.of(header, reason: .inconsistent, detail: "two layers of the batch have the same index"))
        }
        let staleAfter = self.settings.staleAfter
        guard !self.sessions.disagree(with: order.names, except: session, now: now, staleAfter: staleAfter) else {
            return .failure(
                .of(header, reason: .inconsistent, detail: "another session of the run sends another list of layers")
            )
        }
        guard isPayloadHeld, let generation = self.generation(for: order.names) else {
            return .failure(.of(header, reason: .overBudget, detail: Self.overBudgetDetail))
        }
        self.sessions.setLayers(order.names, of: session)
        return .success(Admitted(generation: generation, order: order))
    }

    /// The generation of a list of layers, or `nil` where there is no memory for its windows.
    private mutating func generation(for layers: [String]) -> Generation? {
        if let admitted = self.admitted, admitted.layers == layers {
            return admitted
        }
        // The old generation's windows live until its last batch is decided, so both are paid for.
        let byteCount = WindowSet.byteCount(definitions: self.settings.windows, layerCount: layers.count)
        guard self.memory.reserve(byteCount) else { return nil }
        let generation = Generation(number: (self.admitted?.number ?? 0) + 1, layers: layers)
        self.admitted = generation
        self.windowByteCount += byteCount
        return generation
    }

    private mutating func enqueue(
        _ assembly: BatchAssembly,
        _ admitted: Admitted,
        owner: SessionOwner?
    ) -> [MonitorAction] {
        self.queue.append(
            DecisionQueue.Entry(
                batch: assembly.batch,
                header: assembly.header,
                owner: owner,
                generation: admitted.generation
            )
        )
        return [.seal(assembly.batch, layerOrder: admitted.order.arrivals)]
    }

    /// Rejects a batch that is pending, and remembers its parts for as long as more of them may come.
    private mutating func reject(
        _ assembly: BatchAssembly,
        number: BatchNumber,
        rejection: Rejection,
        now: Duration
    ) -> [MonitorAction] {
        self.sessions.reject(self.sessions.owner(of: number.session), reason: rejection.reason)
        if assembly.header.partCount > 1 {
            var assembly = assembly
            assembly.reject()
            self.assemblies[number] = assembly
        }
        return [.abandon(assembly.batch), .rejected(self.id, rejection)]
            + self.settle(rejection, session: number.session, now: now)
    }

    private mutating func giveUp(_ assembly: BatchAssembly, number: BatchNumber, now: Duration) -> [MonitorAction] {
        let detail = "not all of its \(assembly.header.partCount) parts have come"
        let rejection = Rejection.of(assembly.header, reason: .incomplete, detail: detail)
        return self.reject(assembly, number: number, rejection: rejection, now: now)
    }

    /// Receives a bad part of a batch whose other parts were good.
    private mutating func receive(
        _ rejection: Rejection,
        of number: BatchNumber,
        in assembly: BatchAssembly,
        now: Duration
    ) -> [MonitorAction] {
        if let part = rejection.part, assembly.hasReceived(part: part), rejection.reason > .duplicate {
            self.sessions.countDuplicate(of: number.session)
            return []
        }
        guard !assembly.isRejected else { return [] }
        return self.reject(assembly, number: number, rejection: rejection, now: now)
    }

    /// Settles the place of a rejected batch in its pass, after everything that came before it.
    private mutating func settle(_ rejection: Rejection, session: SessionID?, now: Duration) -> [MonitorAction] {
        guard let step = rejection.step else { return [] }
        let place = Pass.Place(session: session, batchIndex: rejection.batchIndex)
        self.queue.append(.rejected(step: step, place: place))
        return self.drain(now: now)
    }

    /// Applies what waits for nothing any more.
    private mutating func drain(now: Duration) -> [MonitorAction] {
        var actions: [MonitorAction] = []
        var hasChanged = false
        for item in self.queue.drain() {
            switch item {
            case .batch(let entry, let result):
                actions += self.enter(entry.generation)
                switch result {
                case .success(let hsic):
                    actions += self.accumulate(entry, hsic: hsic, now: now)
                    hasChanged = true
                case .failure(let failure):
                    actions += self.reject(entry, failure: failure, now: now)
                }
            case .rejected(let step, let place):
                let ended = self.windows?.reject(step: step, batch: place, now: now) ?? []
                actions += self.publish(ended)
            case .end(let session):
                let ended = self.windows?.end(session: session) ?? []
                actions += self.publish(ended)
            }
        }
        return hasChanged ? actions + [.windowsChanged(self.id)] : actions
    }

    /// Begins a generation, where it is not the current one.
    private mutating func enter(_ generation: Generation) -> [MonitorAction] {
        guard generation != self.current else { return [] }
        if let current = self.current {
            let byteCount = WindowSet.byteCount(
                definitions: self.settings.windows,
                layerCount: current.layers.count
            )
            self.memory.release(byteCount)
            self.windowByteCount -= byteCount
        }
        self.current = generation
        self.windows = WindowSet(definitions: self.settings.windows, layerCount: generation.layers.count)
        return [
            self.event(
                .generation,
                ["generation": .integer(generation.number), "layers": .integer(generation.layers.count)]
            )
        ]
    }

    private mutating func accumulate(_ entry: DecisionQueue.Entry, hsic: BatchHSIC, now: Duration) -> [MonitorAction] {
        if let owner = entry.owner {
            self.sessions.accumulate(owner)
        } else {
            self.loose.pending -= 1
            self.loose.accumulated += 1
        }
        let header = entry.header
        self.step = max(self.step ?? header.step, header.step)
        let batch = AppliedBatch(
            step: header.step,
            number: header.number,
            probe: header.probe,
            batchIndex: header.batchIndex,
            batchCount: header.batchCount,
            hsic: hsic
        )
        guard var windows = self.windows else { return [] }
        // Taken out while it is mutated: a second reference would copy the sums.
        self.windows = nil
        let ended = windows.add(batch, now: now)
        self.windows = windows
        return self.publish(ended)
    }

    private mutating func reject(
        _ entry: DecisionQueue.Entry,
        failure: NonFiniteLayer,
        now: Duration
    ) -> [MonitorAction] {
        let detail = "layer \(failure.layer) holds a value that is not finite"
        let rejection = Rejection.of(entry.header, reason: .nonFinite, detail: detail)
        if let owner = entry.owner {
            self.sessions.reject(owner, reason: .nonFinite)
        } else {
            self.loose.pending -= 1
            self.loose.unnumbered -= 1
            self.loose.outside += 1
            self.loose.rejected[.nonFinite, default: 0] += 1
        }
        let place = Pass.Place(session: entry.header.session, batchIndex: entry.header.batchIndex)
        let ended = self.windows?.reject(step: entry.header.step, batch: place, now: now) ?? []
        let event = self.event(
            .nonFinite,
            ["layer": .string(failure.layer), "step": .integer(entry.header.step)]
        )
        return [.rejected(self.id, rejection), event] + self.publish(ended)
    }

    private func publish(_ passes: [Pass]) -> [MonitorAction] {
        guard let generation = self.current else { return [] }
        return passes.flatMap { pass in
            self.settings.windows.filter { $0.kind == .pass }.map { definition in
                .passEnded(
                    WindowReading(
                        run: self.id,
                        window: definition,
                        generation: generation.number,
                        layers: generation.layers,
                        sums: WindowSums(pass: pass),
                        accounting: self.accounting
                    )
                )
            }
        }
    }
}
