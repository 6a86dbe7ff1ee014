internal import WireFormat

/// The alerts of one run.
struct RunAlerts: Hashable, Sendable {
    /// The number of alerts that are remembered although they are not active, so that they count their incidents.
    static let memoryCapacity = 64

    /// The run.
    let run: RunID

    /// What is known of the run's data.
    var data = Alert.DataState.ok

    /// The alerts, oldest first.
    var lives: [AlertLife] = []

    /// A number that tells lists of layers apart, `nil` before the first.
    var layerDigest: UInt64?

    /// The number of alerts that there ever were.
    var createdCount = 0

    /// When the run was last heard of, in Unix seconds.
    var lastHeard: Double

    /// For a run that is known from before the daemon started, since when it is waited for.
    var awaitedSince: Duration?

    /// Creates a run without alerts.
    init(run: RunID, now: Moment) {
        self.run = run
        self.lastHeard = now.time
    }

    /// The place of the alert of a rule that has one for each run, made where there is none.
    mutating func place(of rule: String, window: String?, severity: Alert.Severity, now: Moment) -> Int {
        if let place = self.lives.firstIndex(where: { $0.alert.id.rule == rule && $0.alert.window == window }) {
            return place
        }
        return self.create(rule: rule, window: window, severity: severity, now: now)
    }

    /// The place of the alert of a rule that has one for each run, made where there is none and the condition holds.
    mutating func place(of rule: String, window: String, isRaised: Bool, now: Moment) -> Int? {
        guard isRaised || self.lives.contains(where: { $0.alert.id.rule == rule && $0.alert.window == window }) else {
            return nil
        }
        return self.place(of: rule, window: window, severity: .warning, now: now)
    }

    /// Makes an alert.
    mutating func create(
        rule: String,
        window: String?,
        group: String? = nil,
        severity: Alert.Severity,
        now: Moment
    ) -> Int {
        // The time makes it unlike one of a run that was forgotten, or whose file was lost.
        let parts = [self.run.name, rule, window ?? "", group ?? "", "\(self.createdCount)", "\(now.time)"]
        let digits = String(digest(of: parts), radix: 16)
        let fingerprint = String(repeating: "0", count: 16 - digits.count) + digits
        var alert = Alert(
            id: AlertID(run: self.run, rule: rule, fingerprint: fingerprint),
            severity: severity,
            now: now
        )
        alert.window = window
        alert.data = self.data
        var life = AlertLife(alert: alert)
        life.group = group
        self.createdCount += 1
        self.lives.append(life)
        return self.lives.count - 1
    }

    /// Changes an alert, and says what is to be done because of it.
    mutating func change(_ place: Int, now: Moment, _ body: (inout AlertLife) -> Void) -> [AlertAction] {
        let before = self.lives[place].alert
        body(&self.lives[place])
        self.lives[place].describe()
        let after = self.lives[place].alert
        guard after != before, after.state != .inactive || before.state != .inactive else { return [] }
        self.lives[place].alert.revision += 1
        self.lives[place].alert.updatedAt = now.time
        let isTurn =
            after.state != before.state || after.kind != before.kind || after.severity != before.severity
            || after.data != before.data
        let alert = self.lives[place].alert
        self.lives[place].isListed = alert.state != .inactive
        return [.publish(alert, isTurn: isTurn)] + (alert.state == .inactive ? [.withdraw(alert.id)] : [])
    }

    /// Changes every alert that is not over.
    mutating func changeActive(now: Moment, _ body: (inout AlertLife) -> Void) -> [AlertAction] {
        var actions: [AlertAction] = []
        for place in self.lives.indices where self.lives[place].alert.isActive {
            actions += self.change(place, now: now, body)
        }
        return actions
    }

    /// Lets go of alerts that are not active where there are too many: first of those that came to nothing, then of
    /// those that have been over for longest.
    ///
    /// The others are remembered: what comes again has the fingerprint that it had.
    mutating func tidy() -> [AlertAction] {
        var actions: [AlertAction] = []
        while self.lives.count(where: { !$0.alert.isActive }) > Self.memoryCapacity {
            let over = self.lives.indices.filter { !self.lives[$0].alert.isActive }
            let oldest = over.min { first, second in
                let (first, second) = (self.lives[first], self.lives[second])
                guard first.hasFired == second.hasFired else { return second.hasFired }
                return first.alert.updatedAt < second.alert.updatedAt
            }
            guard let oldest else { break }
            let life = self.lives.remove(at: oldest)
            actions += life.isListed ? [.withdraw(life.alert.id)] : []
        }
        return actions
    }
}

/// A number that tells texts apart: FNV-1a of their bytes, with 64 bits.
func digest(of texts: [String]) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for text in texts {
        for byte in text.utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        // No text holds this byte, so that where one ends counts too.
        hash = (hash ^ 0xFF) &* 0x100_0000_01b3
    }
    return hash
}
