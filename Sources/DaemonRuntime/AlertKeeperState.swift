internal import Alerting
internal import Alertmanager
internal import BlockStructure
internal import Logging
internal import Monitoring
internal import Publishing
internal import Threads
internal import WireFormat

/// What the alerts' thread owns: the book of alerts, and the hands that tell of them.
struct AlertKeeperState {
    private var book: AlertBook
    private var evaluator: WindowEvaluator
    private let file: AlertFile
    private let publisher: Publisher
    private let identity: DaemonIdentity
    private let logger: Logger
    private let start: ContinuousClock.Instant

    private var sink: AlertmanagerSink?
    private var hasChanged = false
    private var lastSaved = Duration.zero
    private var lastTick = Duration.zero
    private let checkpoint: Duration

    /// The number of the next message of each alert.
    private var sequence: [AlertID: Int] = [:]

    /// The number that an alert begins with.
    private var firstSequence = 0

    /// The number of alerts whose numbers are remembered.
    private static let sequenceCapacity = 65_536

    /// Creates a book, and reads what an earlier daemon saved.
    init(
        rules: AlertRules,
        file: AlertFile,
        checkpoint: Duration,
        publisher: Publisher,
        identity: DaemonIdentity,
        logger: Logger,
        start: ContinuousClock.Instant
    ) {
        self.book = AlertBook(rules: rules)
        self.evaluator = WindowEvaluator(rules: rules)
        self.file = file
        self.checkpoint = checkpoint
        self.publisher = publisher
        self.identity = identity
        self.logger = logger
        self.start = start
    }

    /// The alerts as the command `alerts` tells them: all that are active.
    ///
    /// - Parameter run: The run that is asked for, `nil` for all.
    /// - Returns: The alerts with their envelopes.
    func alerts(of run: RunID?) -> [JSONValue] {
        let time = unixTime()
        return self.book.alerts.filter { $0.isActive && ($0.id.run == run || run == nil) }.map { alert in
            let seq = self.sequence[alert.id, default: self.firstSequence + 1] - 1
            return .object(Envelope(epoch: self.identity.epoch, seq: seq, time: time).header(alert.json))
        }
    }

    /// How Alertmanager is reached, `nil` where there is none.
    var deliveries: AlertmanagerSink.Reading? { self.sink?.reading }

    /// Works until the inbox is closed.
    mutating func run(inbox: Awaited<AlertInbox>) {
        self.restore()
        while true {
            let untilSave = self.hasChanged ? self.lastSaved + self.checkpoint - self.now.uptime : .seconds(1)
            switch inbox.take(timeout: min(max(.zero, untilSave), .seconds(1)), { $0.takeTurn() }) {
            case .stop?:
                self.sink?.stop()
                if self.hasChanged {
                    self.file.write(self.book.saved)
                }
                self.file.stop()
                return
            case .questions(let questions)?:
                for question in questions {
                    question(&self)
                }
            case .news(let news)?:
                self.take(news)
            case nil: break
            }
            self.passTime()
        }
    }

    /// Goes by other rules from now on.
    mutating func apply(_ rules: AlertRules) {
        self.evaluator.rules = rules
        self.perform(self.book.apply(rules, now: self.now))
    }

    /// Tells another Alertmanager from now on, or none.
    mutating func deliver(to settings: AlertmanagerSink.Settings?) {
        guard self.sink?.settings != settings else { return }
        self.sink?.stop()
        self.sink = nil
        guard let settings else { return }
        let (start, logger) = (self.start, self.logger)
        do {
            let sink = try AlertmanagerSink(settings: settings, clock: { Moment(since: start) }) { failure in
                let metadata: Logger.Metadata = [
                    "alertmanager.url": "\(settings.url)", "error": "\(failure ?? "none")",
                ]
                if failure == nil {
                    logger.notice("Alertmanager takes alerts", metadata: metadata)
                } else {
                    logger.warning("Alertmanager cannot be told; it will be tried again", metadata: metadata)
                }
            }
            for alert in self.book.alerts {
                sink.note(alert, isTurn: true, now: self.now)
            }
            self.sink = sink
        } catch {
            self.logger.error("Alertmanager will not be told", metadata: ["error": "\(error)"])
        }
    }

    /// Forgets the alerts of a run.
    ///
    /// - Returns: Whether there was anything to forget.
    mutating func forget(_ run: RunID) -> Bool {
        let isKnown = self.book.knows(run)
        self.perform(self.book.forget(run, now: self.now))
        self.hasChanged = self.hasChanged || isKnown
        return isKnown
    }

    // MARK: Inside

    private var now: Moment { Moment(since: self.start) }

    private mutating func restore() {
        guard let saved = self.file.read() else { return }
        do {
            self.perform(try self.book.restore(saved, now: self.now))
        } catch {
            self.file.setAside(because: error.description)
        }
    }

    private mutating func take(_ news: AlertInbox.News) {
        let now = self.now
        switch news {
        case .evaluation(let reading):
            var evaluation = WindowEvaluation(reading)
            if self.evaluator.needsMatrix(evaluation) {
                evaluation = self.evaluator.evaluate(
                    evaluation,
                    matrix: reading.sums.matrix(),
                    errorGroups: reading.sums.errorGroups ?? reading.sums.groups
                )
                for candidate in evaluation.candidates {
                    evaluation.evidence[candidate.members] = BlockEvidence(of: candidate.members, in: reading.sums)
                }
            }
            self.perform(self.book.evaluate(evaluation, now: now))
            // Counts of what is pending are kept, too.
            self.hasChanged = true
        case .state(let change):
            self.perform(
                self.book.note(
                    Alert.DataState(change.state),
                    silence: change.silence,
                    figures: RunFigures(change),
                    of: change.run,
                    now: now
                )
            )
        case .nonFinite(let batch):
            self.perform(self.book.note(NonFiniteNews(batch), now: now))
        case .reset(let run, let window):
            self.book.reset(window: window, of: run)
            self.hasChanged = true
        case .forget(let run):
            _ = self.forget(run)
        }
    }

    private mutating func passTime() {
        let now = self.now
        if now.uptime - self.lastTick >= .milliseconds(500) {
            self.lastTick = now.uptime
            self.perform(self.book.tick(now: now))
        }
        if self.hasChanged, now.uptime - self.lastSaved >= self.checkpoint {
            self.hasChanged = false
            self.lastSaved = now.uptime
            self.file.write(self.book.saved)
        }
    }

    private mutating func perform(_ actions: [AlertAction]) {
        for action in actions {
            switch action {
            case .publish(let alert, let isTurn):
                let seq = self.nextSequence(of: alert.id)
                self.publisher.publish(NumberedPublication(topic: alert.id.topic, seq: seq, body: alert.json))
                self.sink?.note(alert, isTurn: isTurn, now: self.now)
                if isTurn {
                    self.log(alert)
                }
            case .withdraw(let id):
                self.publisher.withdraw(id.topic)
            }
            self.hasChanged = true
        }
    }

    /// The number of the next message of an alert.
    ///
    /// Receivers skip what they have seen, so no number comes twice: where too many are remembered, all are forgotten, and
    /// every alert goes on from the highest.
    private mutating func nextSequence(of id: AlertID) -> Int {
        if self.sequence[id] == nil, self.sequence.count >= Self.sequenceCapacity {
            self.firstSequence = self.sequence.values.max() ?? self.firstSequence
            self.sequence = [:]
        }
        let seq = self.sequence[id, default: self.firstSequence]
        self.sequence[id] = seq + 1
        return seq
    }

    private func log(_ alert: Alert) {
        let isLoud = alert.state == .firing && alert.severity != .info
        self.logger.log(
            level: isLoud ? .warning : .info,
            "Alert",
            metadata: [
                "run.id": "\(alert.id.run)",
                "alert.rule": "\(alert.id.rule)",
                "alert.state": "\(alert.state.rawValue)",
                "alert.data": "\(alert.data.rawValue)",
                "alert.severity": "\(alert.severity.rawValue)",
                "alert.fingerprint": "\(alert.id.fingerprint)",
                "alert.summary": "\(alert.summary)",
            ]
        )
    }
}

extension Moment {
    /// Now, for a daemon that started at an instant.
    init(since start: ContinuousClock.Instant) {
        self.init(uptime: start.duration(to: .now), time: unixTime())
    }
}

extension WindowEvaluation {
    /// What a reading covers, without its findings.
    init(_ reading: WindowReading) {
        self.init(
            run: reading.run,
            window: reading.window.name,
            generation: reading.generation,
            layers: reading.layers,
            step: reading.sums.stepLast,
            batchCount: reading.sums.batchCount,
            probeBatchCount: reading.sums.probeBatchCount,
            missingCount: reading.sums.missingCount,
            accounting: reading.accounting
        )
    }
}

extension Alert.DataState {
    /// What the state of a run says of its data.
    init(_ state: RunState) {
        self =
            switch state {
            case .live: .ok
            case .stale: .stale
            case .ended: .ended
            }
    }
}

extension RunFigures {
    /// What was known of a run when its state changed.
    init(_ change: RunStateChange) {
        self.init(generation: change.generation, step: change.step, accounting: change.accounting)
    }
}

extension NonFiniteNews {
    /// News of a batch.
    init(_ batch: NonFiniteBatch) {
        self.init(
            run: batch.run,
            layer: batch.layer,
            layers: batch.layers,
            generation: batch.generation,
            step: batch.step,
            accounting: batch.accounting
        )
    }
}
