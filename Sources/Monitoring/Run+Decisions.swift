internal import Similarity
internal import WireFormat

/// What becomes of a batch whose contribution is known, in the order in which the batches came.
extension Run {
    /// Takes what the workers made of a batch.
    mutating func finish(
        _ batch: BatchID,
        with result: Result<BatchHSIC, NonFiniteLayer>,
        now: Duration
    ) -> [MonitorAction] {
        guard self.queue.finish(batch, with: result) else { return [] }
        return self.drain(now: now)
    }

    /// Applies what waits for nothing any more.
    mutating func drain(now: Duration) -> [MonitorAction] {
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
                let ended = self.windows?.reject(step: step, place: place, now: now) ?? []
                actions += self.publish(ended)
            case .end(let session):
                let ended = self.windows?.end(session: session) ?? []
                actions += self.publish(ended)
            }
        }
        return hasChanged ? actions + [.windowsChanged(self.id)] : actions
    }

    /// What goes out of passes that have ended.
    func publish(_ passes: [Pass]) -> [MonitorAction] {
        guard let generation = self.current else { return [] }
        return passes.flatMap { pass in
            self.settings.windows.filter { $0.kind == .pass }.flatMap { definition -> [MonitorAction] in
                let reading = WindowReading(
                    run: self.id,
                    window: definition,
                    generation: generation.number,
                    layers: generation.layers,
                    sums: WindowSums(pass: pass, shares: self.firstComponents.shares),
                    accounting: self.accounting
                )
                // One that was opened again by late batches has been evaluated: evaluations count passes.
                let isDue = !pass.isReopened && self.settings.watchedWindows.contains(definition.name)
                return [.passEnded(reading)] + (isDue ? [.evaluate(reading)] : [])
            }
        }
    }

    /// Begins a generation, where it is not the current one.
    private mutating func enter(_ generation: Generation) -> [MonitorAction] {
        guard generation != self.current else { return [] }
        let ended = self.windows?.endPasses() ?? []
        let actions = self.publish(ended)
        if let current = self.current {
            let byteCount = WindowSet.byteCount(
                definitions: self.settings.windows,
                layerCount: current.layers.count
            )
            self.memory.release(byteCount)
            self.windowByteCount -= byteCount
        }
        self.firstComponents.forget(memory: self.memory)
        self.current = generation
        self.windows = WindowSet(definitions: self.settings.windows, layerCount: generation.layers.count)
        return actions + [
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
        var batch = AppliedBatch(
            step: header.step,
            session: header.session,
            number: header.number,
            probe: header.probe,
            batchIndex: header.batchIndex,
            batchCount: header.batchCount,
            hsic: hsic
        )
        batch.ordinal = self.firstComponents.nextOrdinal()
        batch.firstComponents = self.admittedFirstComponents(of: hsic)
        // In a statement of its own: in the argument of a call on the run, it would copy the run first, and so the sums.
        let ended = self.windows?.add(batch, now: now) ?? []
        self.firstComponents.keepShares(of: batch, examples: header.examples, memory: self.memory)
        let watched = self.settings.watchedWindows
        let due = self.windows?.takeDueEvaluations().filter { watched.contains($0.name) } ?? []
        return self.publish(ended) + due.compactMap { self.reading(of: $0).map(MonitorAction.evaluate) }
    }

    /// The first components of a batch, `nil` where there is no memory for their sums.
    private mutating func admittedFirstComponents(of hsic: BatchHSIC) -> BatchFirstComponents? {
        guard let components = hsic.firstComponents else { return nil }
        let byteCount = WindowSet.firstComponentByteCount(
            definitions: self.settings.windows,
            layerCount: components.layerCount
        )
        return self.firstComponents.reserve(byteCount, memory: self.memory) ? components : nil
    }

    private mutating func reject(
        _ entry: DecisionQueue.Entry,
        failure: NonFiniteLayer,
        now: Duration
    ) -> [MonitorAction] {
        let header = entry.header
        let detail = "layer \(failure.layer) holds a value that is not finite"
        if let owner = entry.owner {
            self.sessions.reject(owner, reason: .nonFinite)
        } else {
            self.loose.pending -= 1
            self.loose.unnumbered -= 1
            self.loose.outside += 1
            self.loose[.nonFinite] += 1
        }
        let place = Pass.Place(session: header.session, batchIndex: header.batchIndex)
        let ended = self.windows?.reject(step: header.step, place: place, now: now) ?? []
        let actions: [MonitorAction] = [
            .rejected(self.id, .of(header, reason: .nonFinite, detail: detail)),
            self.event(.nonFinite, ["layer": .string(failure.layer), "step": .integer(header.step)]),
            .nonFinite(
                NonFiniteBatch(
                    run: self.id,
                    layer: failure.layer,
                    layers: entry.generation.layers,
                    generation: entry.generation.number,
                    step: header.step,
                    accounting: self.accounting
                )
            ),
        ]
        return actions + self.publish(ended)
    }
}
