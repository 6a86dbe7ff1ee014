/// One alert with what it takes to decide its next state: the state machine, without the rules.
///
///     inactive → pending → firing → resolved → pending → …
///
/// It fires once the condition has held for a number of evaluations running, and is resolved once the condition has been
/// gone for as many. In between lies hysteresis: an evaluation that neither raises nor clears ends both counts and leaves
/// what fires firing.
struct AlertLife: Hashable, Sendable {
    /// What an evaluation says of the condition.
    enum Observation: Hashable, Sendable {
        /// It holds.
        case raises
        /// It is gone.
        case clears
        /// It lies between the thresholds.
        case lies
    }

    /// The alert, as it was published last.
    var alert: Alert

    /// The evaluations running in which the condition held.
    var raising = Dwell()

    /// The evaluations running in which it was gone.
    var clearing = Dwell()

    /// How many times the alert has fired.
    var firedCount = 0

    /// Whether the alert is among those that late subscribers get.
    var isListed = false

    /// For a block the layer group in which it was found.
    var group: String?

    /// For a block its interval where it was last recognised, which may be too weak to be called its layers.
    var interval: ClosedRange<Int>?

    /// For a block the number of layers that it could have had.
    var layerCount = 0

    /// For a block the evaluations running in which it was strong and carried by one component.
    var dominating = Dwell()

    /// Whether its layers are gone, so that nothing is to be taken for it any more.
    var isOutdated = false

    /// For a rule about pairs, whether values below the threshold raise it.
    var isBelow = false

    /// The number of batches that were known to be not finite.
    var nonFiniteCount = 0

    /// Why the alert was closed, where no evaluation did it.
    var closingReason: String?

    /// Takes an evaluation.
    ///
    /// - Parameters:
    ///   - observation: What it says of the condition.
    ///   - dwell: The number of evaluations running that must agree.
    ///   - now: The time.
    /// - Returns: Whether the state has changed.
    mutating func observe(_ observation: Observation, dwell: Int, now: Moment) -> Bool {
        let isRaised = self.raising.note(observation == .raises, needed: dwell)
        let isCleared = self.clearing.note(observation == .clears, needed: dwell)
        switch self.alert.state {
        case .inactive, .resolved:
            guard observation == .raises else { return false }
            isRaised ? self.fire(now: now) : self.becomePending(now: now)
            return true
        case .pending:
            if isRaised {
                self.fire(now: now)
                return true
            }
            guard observation != .raises else { return false }
            self.alert.state = .inactive
            return true
        case .firing:
            guard isCleared else { return false }
            self.resolve(now: now)
            return true
        }
    }

    /// Fires, whatever the evaluations say.
    mutating func fire(now: Moment) {
        if self.alert.state != .pending {
            self.becomePending(now: now)
        }
        self.firedCount += 1
        self.alert.state = .firing
        self.alert.firedAt = now.time
        self.clearing = Dwell()
    }

    /// Ends for a reason that no evaluation gave.
    mutating func close(because reason: String, now: Moment) {
        self.closingReason = reason
        self.resolve(now: now)
    }

    /// Ends, whatever the evaluations say.
    mutating func resolve(now: Moment) {
        self.alert.state = self.alert.state == .firing ? .resolved : .inactive
        self.alert.resolvedAt = self.alert.state == .resolved ? now.time : nil
        self.restartCounts()
    }

    /// Lets evaluations count anew.
    mutating func restartCounts() {
        self.raising = Dwell()
        self.clearing = Dwell()
        self.dominating = Dwell()
    }

    /// Whether it has ever fired, so that its next incident is counted from here.
    var hasFired: Bool {
        self.firedCount > 0
    }

    private mutating func becomePending(now: Moment) {
        self.alert.state = .pending
        self.alert.incident = self.firedCount + 1
        self.alert.activeAt = now.time
        self.alert.firedAt = nil
        self.alert.resolvedAt = nil
        self.alert.stepFirst = nil
        self.closingReason = nil
    }
}
