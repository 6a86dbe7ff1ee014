internal import BlockStructure

/// What an evaluation does to the alert of a block, which may also change its kind.
extension AlertLife {
    /// Takes what was found of the block.
    ///
    /// A block that fires as one kind, and no longer is of that for a number of evaluations running, goes on as another kind
    /// where it would be raised as one, within the same incident; else it is resolved. It becomes dominant, for which
    /// somebody may be called, only after it has been so for as long.
    ///
    /// - Parameters:
    ///   - candidate: The interval that was recognised, `nil` where none passed the gate.
    ///   - rule: The thresholds.
    ///   - now: The time.
    mutating func observe(_ candidate: BlockCandidate?, rule: BlockRule, now: Moment) {
        let isDominant = self.dominating.note(candidate?.kind == .dominant, needed: rule.dwell)
        guard self.alert.state == .firing else {
            guard let kind = candidate?.kind else {
                _ = self.observe(.lies, dwell: rule.dwell, now: now)
                return
            }
            _ = self.observe(.raises, dwell: rule.dwell, now: now)
            let isTooEarly = self.alert.state == .firing && kind == .dominant && !isDominant
            self.become(isTooEarly ? .contiguous : kind)
            return
        }
        let kind = self.alert.kind.flatMap(BlockKind.init) ?? .contiguous
        if isDominant, kind != .dominant {
            self.become(.dominant)
            self.clearing = Dwell()
            return
        }
        let isOver = candidate.map { !$0.holds(as: kind, criteria: rule.criteria) } ?? true
        guard self.clearing.note(isOver, needed: rule.dwell) else { return }
        let other = candidate?.kind == .dominant ? .contiguous : candidate?.kind
        if let other, other != kind {
            self.become(other)
            self.clearing = Dwell()
        } else {
            self.resolve(now: now)
        }
    }

    private mutating func become(_ kind: BlockKind) {
        self.alert.kind = kind.rawValue
        self.alert.severity = kind == .dominant ? .warning : .info
    }
}

extension BlockCandidate {
    /// Whether a block that was raised as a kind still is of that kind.
    fileprivate func holds(as kind: BlockKind, criteria: BlockCriteria) -> Bool {
        kind == .saturated
            ? self.strength == nil : self.strength != nil && !self.ends(kind, criteria: criteria)
    }
}
