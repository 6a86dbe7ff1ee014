internal import BlockStructure
internal import WireFormat

/// What the evaluation of a window does to the alerts of a run.
extension RunAlerts {
    /// Takes an evaluation.
    mutating func evaluate(_ evaluation: WindowEvaluation, rules: AlertRules, now: Moment) -> [AlertAction] {
        var actions = self.beginGeneration(of: evaluation.layers, overlap: rules.block.criteria.overlap, now: now)
        if evaluation.window == rules.block.window {
            actions += self.evaluateFiniteness(evaluation, rules: rules, now: now)
            if evaluation.isSufficient(for: rules.block) {
                actions += self.evaluateConstancy(evaluation, rules: rules, now: now)
                actions += self.evaluateBlocks(evaluation, rule: rules.block, now: now)
            }
        }
        if evaluation.window == rules.coverage.window {
            actions += self.evaluateCoverage(evaluation, rules: rules, now: now)
        }
        for rule in rules.similarity where rule.window == evaluation.window {
            if let finding = evaluation.pairs[rule.name], evaluation.isSufficient(for: rules.block) {
                actions += self.evaluate(rule, finding: finding, evaluation: evaluation, now: now)
            }
        }
        return actions + self.tidy()
    }

    /// Lets alerts go on with another list of layers, or closes them where their layers are gone.
    private mutating func beginGeneration(of layers: [String], overlap: Double, now: Moment) -> [AlertAction] {
        let layerDigest = digest(of: layers)
        guard self.layerDigest != layerDigest else { return [] }
        let isFirst = self.layerDigest == nil
        self.layerDigest = layerDigest
        guard !isFirst else { return [] }

        var places: [String: Int] = [:]
        for (place, name) in layers.enumerated() {
            places[name] = place
        }
        var actions: [AlertAction] = []
        for index in self.lives.indices {
            self.lives[index].restartCounts()
            guard let known = self.lives[index].alert.layers else { continue }
            let surviving = known.names.compactMap { places[$0] }.sorted()
            let isKnownAgain = !surviving.isEmpty && Double(surviving.count) >= overlap * Double(known.names.count)
            actions += self.change(index, now: now) { life in
                if isKnownAgain {
                    life.alert.layers = AlertLayers(surviving, of: layers)
                    life.interval = life.alert.layers?.range
                } else if life.alert.isActive {
                    life.alert.data = .ended
                    life.close(because: "the run's layers have changed, and these are no longer watched", now: now)
                }
            }
            self.lives[index].isOutdated = !isKnownAgain
        }
        return actions
    }

    // MARK: Blocks

    private mutating func evaluateBlocks(
        _ evaluation: WindowEvaluation,
        rule: BlockRule,
        now: Moment
    ) -> [AlertAction] {
        let own = self.lives.indices.filter {
            self.lives[$0].alert.id.rule == BuiltInRule.blockStructure.rawValue
                && self.lives[$0].alert.window == rule.window
        }
        let active = own.filter { self.lives[$0].alert.isActive }
        let over = own.filter { !self.lives[$0].alert.isActive }
        var actions: [AlertAction] = []

        var newcomers: [BlockCandidate] = []
        for sighting in self.sightings(of: evaluation.candidates, among: active, overlap: rule.criteria.overlap) {
            if sighting.isNew, let candidate = sighting.candidate {
                newcomers.append(candidate)
            } else {
                actions += self.observe(sighting.candidate, at: sighting.id, evaluation, rule, now: now)
            }
        }
        newcomers.removeAll { $0.kind == nil }
        for sighting in self.sightings(of: newcomers, among: over, overlap: rule.criteria.overlap) {
            guard let candidate = sighting.candidate else { continue }
            var place = sighting.id
            if sighting.isNew {
                let name = BuiltInRule.blockStructure.rawValue
                place = self.create(rule: name, window: rule.window, group: candidate.group, severity: .info, now: now)
            }
            actions += self.observe(candidate, at: place, evaluation, rule, now: now)
        }
        return actions
    }

    /// Recognises the blocks of some alerts; a sighting's number is the place of the alert.
    private func sightings(
        of candidates: [BlockCandidate],
        among places: [Int],
        overlap: Double
    ) -> [BlockTracker.Sighting] {
        let tracks = places.filter { !self.lives[$0].isOutdated }.compactMap { place in
            self.lives[place].interval.map {
                BlockTracker.Track(id: place, group: self.lives[place].group, layers: $0)
            }
        }
        var tracker = BlockTracker(overlap: overlap, tracks: tracks, nextID: self.lives.count)
        return tracker.follow(candidates)
    }

    private mutating func observe(
        _ candidate: BlockCandidate?,
        at place: Int,
        _ evaluation: WindowEvaluation,
        _ rule: BlockRule,
        now: Moment
    ) -> [AlertAction] {
        self.change(place, now: now) { life in
            life.observe(candidate, rule: rule, now: now)
            life.cover(evaluation)
            life.alert.enter = rule.criteria.enter
            life.alert.exit = rule.criteria.exit
            if let candidate {
                life.interval = candidate.layers
                // What is left of a block that dissolves is not what the alert was about.
                if life.clearing.count == 0, life.alert.isActive {
                    life.alert.layers = AlertLayers(candidate.members, of: evaluation.layers)
                }
                life.alert.value = candidate.strength
                life.alert.standardError = candidate.standardError
                life.alert.dominance = candidate.dominance
                life.alert.evidence = evaluation.evidence[candidate.members]
                life.layerCount = candidate.groupLayerCount
            }
        }
    }

    // MARK: Other rules

    private mutating func evaluateConstancy(
        _ evaluation: WindowEvaluation,
        rules: AlertRules,
        now: Moment
    ) -> [AlertAction] {
        let rule = BuiltInRule.constantLayer.rawValue
        let layers = AlertLayers(evaluation.constantLayers, of: evaluation.layers)
        guard let place = self.place(of: rule, window: evaluation.window, isRaised: layers != nil, now: now) else {
            return []
        }
        return self.change(place, now: now) { life in
            _ = life.observe(layers == nil ? .clears : .raises, dwell: rules.block.dwell, now: now)
            life.cover(evaluation)
            life.alert.layers = layers ?? life.alert.layers
            life.alert.value = Double(evaluation.constantLayers.count)
        }
    }

    private mutating func evaluateFiniteness(
        _ evaluation: WindowEvaluation,
        rules: AlertRules,
        now: Moment
    ) -> [AlertAction] {
        let rule = BuiltInRule.nonFinite.rawValue
        guard let place = self.lives.firstIndex(where: { $0.alert.id.rule == rule && $0.alert.state == .firing })
        else { return [] }
        let count = evaluation.accounting[.nonFinite]
        return self.change(place, now: now) { life in
            let observation: AlertLife.Observation = count == life.nonFiniteCount ? .clears : .raises
            life.nonFiniteCount = count
            _ = life.observe(observation, dwell: rules.block.dwell, now: now)
            life.cover(evaluation)
            life.alert.value = Double(count)
        }
    }

    private mutating func evaluateCoverage(
        _ evaluation: WindowEvaluation,
        rules: AlertRules,
        now: Moment
    ) -> [AlertAction] {
        guard let missing = evaluation.missingCount, evaluation.isSufficient(for: rules.block, extra: missing) else {
            return []
        }
        let share = Double(missing) / Double(max(1, missing + evaluation.batchCount))
        let rule = BuiltInRule.coverage.rawValue
        let isRaised = share > rules.coverage.missing
        guard let place = self.place(of: rule, window: evaluation.window, isRaised: isRaised, now: now) else {
            return []
        }
        return self.change(place, now: now) { life in
            _ = life.observe(isRaised ? .raises : .clears, dwell: rules.block.dwell, now: now)
            life.cover(evaluation)
            life.alert.value = share
            life.alert.enter = rules.coverage.missing
            life.alert.exit = rules.coverage.missing
        }
    }

    private mutating func evaluate(
        _ rule: SimilarityRule,
        finding: PairFinding,
        evaluation: WindowEvaluation,
        now: Moment
    ) -> [AlertAction] {
        guard let place = self.place(of: rule.name, window: rule.window, isRaised: finding.raises, now: now) else {
            return []
        }
        return self.change(place, now: now) { life in
            life.alert.kind = BuiltInRule.similarity.rawValue
            let observation: AlertLife.Observation = finding.raises ? .raises : finding.clears ? .clears : .lies
            _ = life.observe(observation, dwell: rule.evaluations, now: now)
            life.cover(evaluation)
            life.alert.layers = AlertLayers(finding.layers, of: evaluation.layers)
            life.alert.value = finding.value
            life.alert.standardError = finding.standardError
            life.alert.enter = rule.condition.threshold
            life.alert.exit = rule.condition.threshold
            life.isBelow = if case .below = rule.condition { true } else { false }
        }
    }
}

extension AlertLife {
    /// Notes what an evaluation covered.
    fileprivate mutating func cover(_ evaluation: WindowEvaluation) {
        self.alert.generation = evaluation.generation
        self.alert.stepFirst = self.alert.isActive ? self.alert.stepFirst ?? evaluation.step : self.alert.stepFirst
        self.alert.stepLast = evaluation.step
        self.alert.batchCount = evaluation.batchCount
        self.alert.accounting = evaluation.accounting
    }
}
