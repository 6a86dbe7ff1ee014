internal import Computation
internal import Ingestion
internal import Logging
internal import Monitoring
internal import Publishing
internal import Settings
internal import Threads
internal import WireFormat
internal import ZeroMQ

/// What the coordinator's thread owns: the monitor, and the hands that perform its actions.
struct CoordinatorCore {
    /// A window of a run, which is published at its own pace.
    struct Publication: Hashable, Sendable {
        let run: RunID
        let window: WindowDefinition
    }

    /// The runs.
    var monitor: Monitor

    /// What a message may be at most.
    var limits: WireLimits

    /// The batches of which the layers' first components are computed.
    var firstComponent: EngineSettings.FirstComponent

    /// When a changed window goes out.
    var schedule: PublicationSchedule<Publication>

    let engine: GramEngine
    let publisher: Publisher
    let alerts: AlertKeeper
    let memory: MemoryBudget
    let logger: Logger
    let start: ContinuousClock.Instant

    private var decoder = MessageDecoder()
    private var skippedFirstComponentCount = 0
    private var rejectionLog = RejectionLog()
    private var lastTick = Duration.zero
    private var trimSchedule = TrimSchedule()

    /// Whether a batch has been computed since the last tick.
    private var hasComputed = false

    /// Creates the state of a daemon that has heard nothing.
    init(
        monitor: Monitor,
        limits: WireLimits,
        firstComponent: EngineSettings.FirstComponent,
        publishInterval: Duration,
        engine: GramEngine,
        publisher: Publisher,
        alerts: AlertKeeper,
        memory: MemoryBudget,
        logger: Logger,
        start: ContinuousClock.Instant
    ) {
        self.monitor = monitor
        self.limits = limits
        self.firstComponent = firstComponent
        self.schedule = PublicationSchedule(interval: publishInterval)
        self.engine = engine
        self.publisher = publisher
        self.alerts = alerts
        self.memory = memory
        self.logger = logger
        self.start = start
    }

    /// The time since the daemon started.
    var now: Duration {
        self.start.duration(to: .now)
    }

    /// The number of messages that were taken in without their layers' first components, and of batches whose components
    /// were not kept, for want of memory.
    var droppedFirstComponentCount: Int {
        self.skippedFirstComponentCount + self.monitor.droppedFirstComponentCount
    }

    /// Works until the inbox is closed.
    mutating func run(inbox: Awaited<Inbox>) {
        while true {
            let now = self.now
            let nextTick = self.lastTick + .milliseconds(100)
            let nextDue = min(self.schedule.nextDue ?? nextTick, nextTick)
            switch inbox.take(timeout: max(.zero, nextDue - now), { $0.takeTurn() }) {
            case .stop?:
                // The last change always goes out.
                for due in self.schedule.takeDue(now: self.now + self.schedule.interval) {
                    self.publish(due)
                }
                return
            case .items(let items)?:
                for item in items {
                    self.handle(item)
                }
            case nil: break
            }
            self.passTime()
        }
    }

    /// Empties one window of a run, or all of them.
    ///
    /// - Returns: Whether the run is known.
    mutating func reset(_ run: RunID, window: String?) -> Bool {
        guard self.monitor.reset(run, window: window) else { return false }
        self.alerts.take(.reset(run, window: window))
        return true
    }

    /// Performs what the monitor decided.
    mutating func perform(_ actions: [MonitorAction]) {
        for action in actions {
            self.perform(action)
        }
    }

    private mutating func handle(_ item: Inbox.Item) {
        switch item {
        case .message(let message):
            self.receive(message)
        case .result(let batch, let result):
            self.hasComputed = true
            self.perform(self.monitor.finish(batch, with: result, now: self.now))
        case .request(let request):
            request(&self)
        }
    }

    private mutating func passTime() {
        let now = self.now
        if now - self.lastTick >= .milliseconds(100) {
            self.lastTick = now
            self.perform(self.monitor.tick(now: now))
            if self.trimSchedule.note(used: self.memory.used, isActive: self.hasComputed, now: now) {
                returnFreeMemory()
            }
            self.hasComputed = false
        }
        for due in self.schedule.takeDue(now: now) {
            self.publish(due)
        }
    }

    private mutating func receive(_ message: IncomingMessage) {
        let decoded = self.decoder.decode(message, limits: self.limits)
        var held = message.heldByteCount
        var gramByteCount = 0
        var isPayloadHeld = message.tensors != nil
        var withFirstComponents = false
        if isPayloadHeld, case .batch(let header) = decoded.content {
            withFirstComponents = self.wantsFirstComponents(of: header)
            gramByteCount = self.engine.byteCount(of: header, withFirstComponents: withFirstComponents)
            isPayloadHeld = self.memory.reserve(gramByteCount)
            if !isPayloadHeld, withFirstComponents {
                // The matrix itself comes first.
                withFirstComponents = false
                self.skippedFirstComponentCount += 1
                gramByteCount = self.engine.byteCount(of: header)
                isPayloadHeld = self.memory.reserve(gramByteCount)
            }
            if !isPayloadHeld {
                gramByteCount = 0
            }
        }
        let actions = self.monitor.receive(decoded, from: message.source, isPayloadHeld: isPayloadHeld, now: self.now)
        for action in actions {
            if case .compute(let batch) = action, case .batch(let header) = decoded.content,
                let tensors = message.tensors
            {
                self.engine.compute(
                    batch,
                    header: header,
                    frames: tensors,
                    withFirstComponents: withFirstComponents,
                    reservedByteCount: gramByteCount
                )
                // From here on the engine gives the memory back.
                held = 0
                gramByteCount = 0
            } else {
                self.perform(action)
            }
        }
        self.memory.release(held + gramByteCount)
    }

    private func wantsFirstComponents(of header: BatchHeader) -> Bool {
        switch self.firstComponent {
        case .probe: header.probe != nil
        case .all: true
        case .off: false
        }
    }

    private mutating func perform(_ action: MonitorAction) {
        switch action {
        case .compute(let batch):
            preconditionFailure("Only a message that was just received can be computed, not batch \(batch.number)")
        case .seal(let batch, let layerOrder):
            self.engine.seal(batch, layerOrder: layerOrder)
        case .abandon(let batch):
            self.engine.abandon(batch)
        case .event(let event):
            self.publisher.publish(event)
            self.log(event)
        case .windowsChanged(let run):
            for window in self.monitor.windows where window.kind != .pass {
                let publication = Publication(run: run, window: window)
                if self.schedule.change(publication, now: self.now) {
                    self.publish(publication)
                }
            }
        case .passEnded(let reading):
            self.publisher.publish(reading)
        case .evaluate(let reading):
            self.alerts.take(.evaluation(reading))
        case .stateChanged(let change):
            self.alerts.take(.state(change))
        case .nonFinite(let batch):
            self.alerts.take(.nonFinite(batch))
        case .rejected(let run, let rejection):
            self.log(rejection, of: run)
        case .forgotten(let run):
            self.schedule.forget { $0.run == run }
            self.publisher.forget(run)
            self.alerts.take(.forget(run))
        }
    }

    private func publish(_ publication: Publication) {
        if let reading = self.monitor.reading(of: publication.run, window: publication.window) {
            self.publisher.publish(reading)
        }
    }

    private func log(_ event: MonitorEvent) {
        let metadata: Logger.Metadata = [
            "run.id": "\(event.run?.name ?? "")",
            "event.detail": "\(JSONValue.object(event.detail).text)",
        ]
        switch event.kind {
        case .stale, .nonFinite:
            self.logger.warning("Event \(event.kind.rawValue)", metadata: metadata)
        default:
            self.logger.info("Event \(event.kind.rawValue)", metadata: metadata)
        }
    }

    private mutating func log(_ rejection: Rejection, of run: RunID?) {
        guard let count = self.rejectionLog.note(run: run, reason: rejection.reason, now: self.now) else { return }
        self.logger.warning(
            "Rejected messages",
            metadata: [
                "run.id": "\(run?.name ?? "")",
                "rejection.reason": "\(rejection.reason.rawValue)",
                "rejection.detail": "\(rejection.detail)",
                "rejection.count": "\(count)",
            ]
        )
    }
}

extension MessageDecoder {
    /// Reads what a message says.
    fileprivate mutating func decode(_ message: IncomingMessage, limits: WireLimits) -> EmitterMessage {
        message.topic.withBytes { topic in
            guard let header = message.header else {
                return self.decode(topic: topic, header: RawSpan(), frameSizes: [], limits: limits)
            }
            return header.withBytes { header in
                self.decode(topic: topic, header: header, frameSizes: message.tensorByteCounts, limits: limits)
            }
        }
    }
}
