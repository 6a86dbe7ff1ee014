internal import WireFormat

/// What becomes of a run's alerts because of something that no window shows.
extension RunAlerts {
    /// Notes that batches come, have stopped coming, or are over.
    ///
    /// - Parameters:
    ///   - data: What is known of the run's data.
    ///   - silence: How long the run has been silent.
    ///   - figures: What else is known of the run; `nil` for one that was heard of before the daemon started.
    ///   - rules: What is watched.
    ///   - now: The time.
    /// - Returns: What is to be done because of it.
    mutating func note(
        _ data: Alert.DataState,
        silence: Duration?,
        figures: RunFigures?,
        rules: AlertRules,
        now: Moment
    ) -> [AlertAction] {
        self.data = data
        self.awaitedSince = nil
        self.lastHeard = now.time
        let rule = BuiltInRule.runStale.rawValue
        var actions: [AlertAction] = []
        if data == .stale {
            let place = self.place(of: rule, window: nil, severity: .warning, now: now)
            actions += self.change(place, now: now) { life in
                life.alert.data = data
                life.alert.value = silence?.inSeconds
                life.alert.enter = rules.staleAfter.inSeconds
                life.alert.exit = rules.staleAfter.inSeconds
                if life.alert.state != .firing {
                    life.fire(now: now)
                    life.alert.stepFirst = figures?.step
                }
                life.cover(figures)
            }
        } else if let place = self.lives.firstIndex(where: { $0.alert.id.rule == rule && $0.alert.isActive }) {
            actions += self.change(place, now: now) { life in
                life.alert.data = data
                life.cover(figures)
                life.resolve(now: now)
            }
        }
        return actions + self.changeActive(now: now) { $0.alert.data = data }
    }

    /// Notes that a batch was rejected since a layer of it is not finite.
    ///
    /// - Parameters:
    ///   - layer: The name of the layer.
    ///   - layers: The names of all layers of the batch, in order.
    ///   - generation: The number of the generation.
    ///   - step: The batch's step.
    ///   - accounting: The account of the run, with this batch.
    ///   - now: The time.
    /// - Returns: What is to be done because of it.
    mutating func noteNonFinite(
        layer: String,
        of layers: [String],
        generation: Int,
        step: Int,
        accounting: Accounting,
        now: Moment
    ) -> [AlertAction] {
        let place = self.place(of: BuiltInRule.nonFinite.rawValue, window: nil, severity: .critical, now: now)
        let known = self.lives[place].alert
        let names = known.state == .firing ? Set(known.layers?.names ?? []) : []
        let count = accounting[.nonFinite]
        self.lives[place].nonFiniteCount = count
        self.lives[place].clearing = Dwell()
        // Every batch may be one: the figures need not be told each time.
        let isNews = names.count < Self.namedLayerCount && !names.contains(layer)
        guard known.state != .firing || isNews || Double(count) >= 2 * (known.value ?? 0) else { return [] }
        let named = names.union([layer])
        let data = self.data
        return self.change(place, now: now) { life in
            if life.alert.state != .firing {
                life.fire(now: now)
                life.alert.stepFirst = step
            }
            life.alert.data = data
            life.alert.generation = generation
            life.alert.layers = AlertLayers(layers.indices.filter { named.contains(layers[$0]) }, of: layers)
            life.alert.stepLast = step
            life.alert.value = Double(count)
            life.alert.accounting = accounting
        }
    }

    /// Lets evaluations of a window that was emptied count anew.
    mutating func reset(window: String?) {
        for place in self.lives.indices where window == nil || self.lives[place].alert.window == window {
            self.lives[place].restartCounts()
        }
    }

    /// Closes the alerts that no rule watches any more.
    mutating func apply(_ rules: AlertRules, now: Moment) -> [AlertAction] {
        var actions: [AlertAction] = []
        for place in self.lives.indices where !self.lives[place].isWatched(by: rules) {
            actions += self.change(place, now: now) { life in
                if life.alert.isActive {
                    life.close(because: "the settings no longer have this rule for this window", now: now)
                }
            }
        }
        return actions + self.tidy()
    }

    /// Ends every alert: the run is forgotten.
    mutating func forget(now: Moment) -> [AlertAction] {
        let last = self.changeActive(now: now) { life in
            life.alert.data = .ended
            life.close(because: "the run was forgotten", now: now)
        }
        return last + self.lives.filter(\.isListed).map { .withdraw($0.alert.id) }
    }

    /// Takes note of the time: alerts that were resolved long ago need not be told any more, and a run from before the daemon
    /// started that does not come back is stale.
    mutating func tick(rules: AlertRules, now: Moment) -> [AlertAction] {
        var actions: [AlertAction] = []
        for place in self.lives.indices where self.lives[place].isListed {
            let alert = self.lives[place].alert
            if alert.state == .resolved, now.time - (alert.resolvedAt ?? 0) >= AlertBook.resolvedTime {
                self.lives[place].isListed = false
                actions.append(.withdraw(alert.id))
            }
        }
        if let since = self.awaitedSince, now.uptime - since >= rules.staleAfter {
            let lastHeard = self.lastHeard
            let silence = Duration.seconds(max(0, now.time - lastHeard))
            actions += self.note(.stale, silence: silence, figures: nil, rules: rules, now: now)
            self.lastHeard = lastHeard
        }
        return actions
    }

    /// The number of layers that an alert about values that are not finite names.
    private static let namedLayerCount = 16
}

extension AlertLife {
    /// Notes what is known of the run.
    ///
    /// After a restart a run begins anew with its first message, of which nothing is counted yet: what an alert from
    /// before knew of it stands.
    fileprivate mutating func cover(_ figures: RunFigures?) {
        guard let figures, figures.generation != nil || self.alert.generation == nil else { return }
        self.alert.generation = figures.generation
        self.alert.stepLast = figures.step
        self.alert.accounting = figures.accounting
    }

    /// Whether the rule that made the alert is still there, for its window.
    fileprivate func isWatched(by rules: AlertRules) -> Bool {
        switch BuiltInRule(rawValue: self.alert.id.rule) {
        case .blockStructure:
            self.alert.window == rules.block.window
                && (self.group.map(rules.block.groups.contains) ?? rules.block.groups.isEmpty)
        case .constantLayer: self.alert.window == rules.block.window
        case .coverage: self.alert.window == rules.coverage.window
        case .nonFinite, .runStale: true
        case .similarity, nil:
            rules.similarity.contains { $0.name == self.alert.id.rule && $0.window == self.alert.window }
        }
    }
}

extension Duration {
    /// The duration as a number of seconds.
    var inSeconds: Double {
        let (seconds, attoseconds) = self.components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
