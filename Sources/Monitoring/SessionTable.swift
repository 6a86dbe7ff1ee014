internal import WireFormat

/// The sessions of a run, told apart by their UUID; and the emitters without one, taken together.
struct SessionTable: Sendable {
    /// The number of sessions told apart before the one that was silent for longest is retired.
    private static let maximumCount = 1024

    private var sources: Set<SourceID> = []
    private var anonymousSource: SourceID?
    private var sessions: [SessionID: Session] = [:]
    private var anonymous: Session?
    private var retired = Accounting()
    private var incarnationCount = 0

    /// The account of all sessions, the retired ones included.
    var accounting: Accounting {
        self.sessions.values.reduce(self.retired) { $0 + $1.ledger.accounting }
    }

    // MARK: Life

    /// Whether messages without a session have been heard.
    var hasAnonymous: Bool { self.anonymous != nil }

    /// Notes a sign of life, opening the session where it is new.
    ///
    /// - Returns: Whether it is the first sign from this source.
    mutating func hear(_ session: SessionID?, source: SourceID, now: Duration) -> Bool {
        let isNewSource = self.sources.insert(source).inserted
        guard let session else {
            self.anonymousSource = source
            self.anonymous = self.anonymous ?? Session(source: source, incarnation: 0, lastHeard: now)
            self.anonymous?.lastHeard = now
            self.anonymous?.hasEnded = false
            return isNewSource
        }
        self.open(session, source: source, now: now)
        self.sessions[session]?.lastHeard = now
        self.sessions[session]?.hasEnded = false
        return isNewSource
    }

    /// Opens a session where it is not known.
    mutating func open(_ session: SessionID, source: SourceID, now: Duration) {
        guard self.sessions[session] == nil else { return }
        if self.sessions.count >= Self.maximumCount {
            self.retireOldest()
        }
        self.incarnationCount += 1
        self.sessions[session] = Session(source: source, incarnation: self.incarnationCount, lastHeard: now)
    }

    /// Notes what a session says of itself.
    mutating func greet(_ session: SessionID, client: String?, heartbeat: Double?) {
        self.sessions[session]?.client = client
        self.sessions[session]?.heartbeat = heartbeat
    }

    /// Notes that a session said bye.
    mutating func end(_ session: SessionID?) {
        guard let session else {
            self.anonymous?.hasEnded = true
            return
        }
        self.sessions[session]?.hasEnded = true
    }

    /// Whether anything has been heard from a source.
    func hasHeard(from source: SourceID) -> Bool {
        self.sources.contains(source)
    }

    /// The sessions that are heard from a source.
    func sessions(of source: SourceID) -> Set<SessionID> {
        Set(self.sessions.filter { $0.value.source == source }.keys)
    }

    /// Closes the accounts of the sessions that are heard from a source.
    ///
    /// Heard again, they count anew.
    mutating func retire(_ source: SourceID) {
        self.sources.remove(source)
        for session in self.sessions(of: source) {
            self.retire(session)
        }
        if self.anonymousSource == source {
            self.anonymousSource = nil
            self.anonymous = nil
        }
    }

    /// Whether any session may still be sending.
    func hasActiveSession(now: Duration, staleAfter: Duration) -> Bool {
        self.everySession.contains { $0.isActive(now: now, staleAfter: staleAfter) }
    }

    // MARK: Layers

    /// Notes the layers of a session's batch, which fits the run.
    mutating func setLayers(_ layers: [String], of session: SessionID?) {
        if let session {
            self.sessions[session]?.layers = layers
            self.sessions[session]?.refusedLayers = nil
        } else {
            self.anonymous?.layers = layers
            self.anonymous?.refusedLayers = nil
        }
    }

    /// Notes the layers of a session's batch that another session disagrees with.
    mutating func refuseLayers(_ layers: [String], of session: SessionID?) {
        if let session {
            self.sessions[session]?.refusedLayers = layers
        } else {
            self.anonymous?.refusedLayers = layers
        }
    }

    /// Whether another session that may still be sending sends another list of layers.
    ///
    /// A session whose last batch was refused for just this list does not disagree: otherwise
    /// sessions that go over to other layers together would refuse each other for good.
    func disagree(with layers: [String], except session: SessionID?, now: Duration, staleAfter: Duration) -> Bool {
        func disagrees(_ other: Session) -> Bool {
            guard let theirs = other.layers else { return false }
            return theirs != layers && other.refusedLayers != layers
                && other.isActive(now: now, staleAfter: staleAfter)
        }
        if session != nil, let anonymous = self.anonymous, disagrees(anonymous) {
            return true
        }
        return self.sessions.contains { $0.key != session && disagrees($0.value) }
    }

    // MARK: Accounts

    /// The session's name and incarnation, to whose account a batch belongs.
    ///
    /// - Precondition: The session is open.
    func owner(of session: SessionID) -> SessionOwner {
        guard let known = self.sessions[session] else {
            preconditionFailure("Session \(session) is not open")
        }
        return SessionOwner(session: session, incarnation: known.incarnation)
    }

    /// Whether a batch's number has arrived before.
    func hasArrived(_ number: BatchNumber) -> Bool {
        self.sessions[number.session]?.ledger.hasArrived(number.seq) ?? false
    }

    /// Takes a number into its session's account as pending.
    mutating func arrive(_ number: BatchNumber, dropped: Int?) {
        self.sessions[number.session]?.ledger.arrive(number.seq, dropped: dropped)
    }

    /// Takes what a message without a batch says of a session's numbers.
    mutating func announce(_ session: SessionID, next: Int, dropped: Int?) {
        self.sessions[session]?.ledger.announce(next: next, dropped: dropped)
    }

    /// Decides a pending number: it was added to the windows.
    mutating func accumulate(_ owner: SessionOwner) {
        if self.isOpen(owner) {
            self.sessions[owner.session]?.ledger.accumulate()
        } else {
            self.retired.pending -= 1
            self.retired.accumulated += 1
        }
    }

    /// Decides a pending number: it was rejected.
    mutating func reject(_ owner: SessionOwner, reason: RejectionReason) {
        if self.isOpen(owner) {
            self.sessions[owner.session]?.ledger.reject(reason)
        } else {
            self.retired.pending -= 1
            self.retired.rejected[reason, default: 0] += 1
        }
    }

    /// Counts a message whose number had arrived before.
    mutating func countDuplicate(of session: SessionID) {
        self.sessions[session]?.ledger.countDuplicate()
    }

    // MARK: Reading

    /// What is known of each session, those heard most recently first.
    func readings(now: Duration) -> [SessionReading] {
        self.sessions.sorted { $0.value.lastHeard > $1.value.lastHeard }.map { id, session in
            SessionReading(
                session: id,
                endpoint: session.source.endpoint,
                client: session.client,
                hasEnded: session.hasEnded,
                silence: now - session.lastHeard,
                accounting: session.ledger.accounting
            )
        }
    }

    // MARK: Inside

    private var everySession: [Session] {
        Array(self.sessions.values) + (self.anonymous.map { [$0] } ?? [])
    }

    private func isOpen(_ owner: SessionOwner) -> Bool {
        self.sessions[owner.session]?.incarnation == owner.incarnation
    }

    private mutating func retire(_ session: SessionID) {
        guard let closed = self.sessions.removeValue(forKey: session) else { return }
        self.retired = self.retired + closed.ledger.accounting
    }

    private mutating func retireOldest() {
        // Those that never sent a whole batch go first, so that rubbish does not make a good session forgotten.
        let oldest = self.sessions.min { first, second in
            let (isEmpty, isOtherEmpty) = (first.value.layers == nil, second.value.layers == nil)
            return isEmpty == isOtherEmpty ? first.value.lastHeard < second.value.lastHeard : isEmpty
        }
        guard let oldest else { return }
        self.retire(oldest.key)
    }
}
