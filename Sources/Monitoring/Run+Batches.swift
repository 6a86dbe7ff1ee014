internal import WireFormat

/// What becomes of a batch until it waits for its computation: taken in, or rejected.
extension Run {
    private static let overBudgetDetail = "no memory is left under limits.memory"

    /// Receives a batch, or a part of one, of which nothing stateless is wrong.
    ///
    /// - Parameters:
    ///   - header: The header.
    ///   - source: Where it came from.
    ///   - isPayloadHeld: Whether there was memory for the tensors.
    ///   - now: The time since the daemon started.
    ///   - allocate: Gives the next batch identifier.
    /// - Returns: What follows from it.
    mutating func receive(
        _ header: BatchHeader,
        source: SourceID,
        isPayloadHeld: Bool,
        now: Duration,
        allocate: () -> BatchID
    ) -> [MonitorAction] {
        let actions = self.hear(from: source, session: header.session, now: now)
        guard let number = header.number else {
            var assembly = BatchAssembly(batch: allocate(), header: header, owner: nil, now: now)
            _ = assembly.receive(header)
            return actions + self.receiveUnnumbered(assembly, isPayloadHeld: isPayloadHeld, now: now)
        }
        // Taken out while it is mutated, put back where more parts are to come.
        if let assembly = self.assemblies.removeValue(forKey: number) {
            return actions + self.receive(header, of: number, in: assembly, isPayloadHeld: isPayloadHeld, now: now)
        }
        guard !self.sessions.hasArrived(number) else {
            return actions + self.receiveAgain(header, number: number, now: now)
        }
        self.sessions.arrive(number, dropped: header.dropped)
        let owner = self.sessions.owner(of: number.session)
        let assembly = BatchAssembly(batch: allocate(), header: header, owner: owner, now: now)
        return actions + self.receive(header, of: number, in: assembly, isPayloadHeld: isPayloadHeld, now: now)
    }

    /// Receives a message that is rejected whatever the run's state.
    mutating func receive(_ rejection: Rejection, source: SourceID, now: Duration) -> [MonitorAction] {
        var actions: [MonitorAction] = []
        // Of a numbered emitter's message that cannot be read, nobody knows who sent it.
        if rejection.reason > .version, rejection.session != nil || self.sessions.hasAnonymous {
            actions += self.hear(from: source, session: rejection.session, now: now)
        }
        guard let number = rejection.number else {
            actions += self.countOutside(rejection)
            return rejection.isBatch ? actions + self.settle(rejection, now: now) : actions
        }
        self.sessions.open(number.session, source: source, now: now)

        if let assembly = self.assemblies[number] {
            if let part = rejection.part, assembly.partNumbers.contains(part) {
                return actions + self.countRepetition(rejection, of: number)
            }
            return actions + self.reject(assembly, number: number, rejection: rejection, now: now)
        }
        if self.sessions.hasArrived(number) {
            if let part = rejection.part, self.rejected.receive(part: part, of: number) {
                return actions
            }
            return actions + self.countRepetition(rejection, of: number)
        }
        self.sessions.arrive(number, dropped: rejection.dropped)
        self.sessions.reject(self.sessions.owner(of: number.session), reason: rejection.reason)
        // It may have been one part of many.
        self.rejected.note(number, parts: Set([rejection.part].compactMap(\.self)), now: now)
        return actions + [.rejected(self.id, rejection)] + self.settle(rejection, now: now)
    }

    /// Gives up a batch whose parts have not all come.
    mutating func giveUp(_ assembly: BatchAssembly, number: BatchNumber, now: Duration) -> [MonitorAction] {
        let detail = "not all of its \(assembly.header.partCount) parts have come"
        let rejection = Rejection.of(assembly.header, reason: .incomplete, detail: detail)
        return self.reject(assembly, number: number, rejection: rejection, now: now)
    }

    // MARK: Taking in

    private mutating func receiveUnnumbered(
        _ assembly: BatchAssembly,
        isPayloadHeld: Bool,
        now: Duration
    ) -> [MonitorAction] {
        switch self.admission(of: assembly, isPayloadHeld: isPayloadHeld, now: now) {
        case .failure(let rejection):
            return self.countOutside(rejection) + self.settle(rejection, now: now)
        case .success(let admitted):
            self.loose.unnumbered += 1
            self.loose.pending += 1
            return [.compute(assembly.batch), self.enqueue(assembly, admitted)]
        }
    }

    private mutating func receive(
        _ part: BatchHeader,
        of number: BatchNumber,
        in assembly: BatchAssembly,
        isPayloadHeld: Bool,
        now: Duration
    ) -> [MonitorAction] {
        var assembly = assembly
        let contradiction = "the parts of the batch contradict each other"
        switch assembly.receive(part) {
        case .repeated:
            self.assemblies[number] = assembly
            return self.countRepetition(.repetition(of: number, part: part.part), of: number)
        case .repeatedDifferently:
            self.assemblies[number] = assembly
            return self.countRepetition(.of(part, reason: .inconsistent, detail: contradiction), of: number)
        case .inconsistent:
            let rejection = Rejection.of(part, reason: .inconsistent, detail: contradiction)
            return self.reject(assembly, number: number, rejection: rejection, now: now)
        case .accepted:
            guard isPayloadHeld else {
                let rejection = Rejection.of(part, reason: .overBudget, detail: Self.overBudgetDetail)
                return self.reject(assembly, number: number, rejection: rejection, now: now)
            }
            self.assemblies[number] = assembly
            return [.compute(assembly.batch)]
        case .completed:
            switch self.admission(of: assembly, isPayloadHeld: isPayloadHeld, now: now) {
            case .failure(let rejection):
                return self.reject(assembly, number: number, rejection: rejection, now: now)
            case .success(let admitted):
                return [.compute(assembly.batch), self.enqueue(assembly, admitted)]
            }
        }
    }

    /// Receives a message of a batch that has been decided upon, or waits for its computation.
    private mutating func receiveAgain(_ header: BatchHeader, number: BatchNumber, now: Duration) -> [MonitorAction] {
        if self.rejected.receive(part: header.part, of: number) {
            return []
        }
        let isWhole = header.partCount == 1
        let order = isWhole ? LayerOrder([LayerOrder.Part(header)]) : nil
        let objection = isWhole ? self.objection(to: order, header: header, now: now) : nil
        return self.countRepetition(objection ?? .repetition(of: number, part: header.part), of: number)
    }

    // MARK: Admission

    private struct Admitted {
        let generation: Generation
        let order: LayerOrder
    }

    /// Decides whether a batch whose layers are all known fits the run.
    private mutating func admission(
        of assembly: BatchAssembly,
        isPayloadHeld: Bool,
        now: Duration
    ) -> Result<Admitted, Rejection> {
        let header = assembly.header
        let order = LayerOrder(assembly.parts)
        if let objection = self.objection(to: order, header: header, now: now) {
            if let order {
                self.sessions.refuseLayers(order.names, of: header.session)
            }
            return .failure(objection)
        }
        let limit = self.settings.maximumLayerCount
        guard let order, order.names.count <= limit else {
            let detail = "\(assembly.layerCount) layers are over limits.layers, which is \(limit)"
            return .failure(.of(header, reason: .tooLarge, detail: detail))
        }
        guard isPayloadHeld, let generation = self.generation(for: order.names) else {
            return .failure(.of(header, reason: .overBudget, detail: Self.overBudgetDetail))
        }
        self.sessions.setLayers(order.names, of: header.session)
        return .success(Admitted(generation: generation, order: order))
    }

    /// What is wrong with the layers of a batch, apart from their number.
    ///
    /// Their order is `nil` where two of them claim the same index.
    private func objection(to order: LayerOrder?, header: BatchHeader, now: Duration) -> Rejection? {
        guard let order else {
            return .of(header, reason: .malformed, detail: "two layers of the batch have the same index")
        }
        let disagrees = self.sessions.disagree(
            with: order.names,
            except: header.session,
            now: now,
            staleAfter: self.settings.staleAfter
        )
        guard disagrees else { return nil }
        return .of(header, reason: .inconsistent, detail: "another session of the run sends another list of layers")
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

    private mutating func enqueue(_ assembly: BatchAssembly, _ admitted: Admitted) -> MonitorAction {
        self.queue.append(
            DecisionQueue.Entry(
                batch: assembly.batch,
                header: assembly.header,
                owner: assembly.owner,
                generation: admitted.generation
            )
        )
        return .seal(assembly.batch, layerOrder: admitted.order.arrivals)
    }

    // MARK: Rejecting

    /// Rejects a batch that is pending, and remembers its parts for as long as more of them may come.
    private mutating func reject(
        _ assembly: BatchAssembly,
        number: BatchNumber,
        rejection: Rejection,
        now: Duration
    ) -> [MonitorAction] {
        self.assemblies[number] = nil
        if let owner = assembly.owner {
            self.sessions.reject(owner, reason: rejection.reason)
        }
        if assembly.header.partCount > 1 {
            self.rejected.note(number, parts: assembly.partNumbers.union([rejection.part].compactMap(\.self)), now: now)
        }
        return [.abandon(assembly.batch), .rejected(self.id, rejection)] + self.settle(rejection, now: now)
    }

    /// Counts a message whose batch and part have come before, under the first reason that applies.
    ///
    /// Whatever it is, it changes nothing about the batch that came first.
    private mutating func countRepetition(_ rejection: Rejection, of number: BatchNumber) -> [MonitorAction] {
        guard rejection.reason >= .duplicate else {
            // Its number is in the account already: the message is one more, outside of it.
            return self.countOutside(rejection)
        }
        self.sessions.countDuplicate(of: number.session)
        return [.rejected(self.id, .repetition(of: number, part: rejection.part))]
    }

    private mutating func countOutside(_ rejection: Rejection) -> [MonitorAction] {
        self.loose.outside += 1
        self.loose[rejection.reason] += 1
        return [.rejected(self.id, rejection)]
    }

    /// Settles the place of a rejected batch in its pass, after everything that came before it.
    private mutating func settle(_ rejection: Rejection, now: Duration) -> [MonitorAction] {
        guard let step = rejection.step, rejection.batchIndex != nil else { return [] }
        let place = Pass.Place(session: rejection.session, batchIndex: rejection.batchIndex)
        self.queue.append(.rejected(step: step, place: place))
        return self.drain(now: now)
    }
}
