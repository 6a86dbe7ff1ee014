internal import Alerting
internal import Alertmanager
internal import Computation
internal import Control
internal import Glibc
internal import Ingestion
public import Logging
internal import Monitoring
internal import Publishing
public import Settings
internal import Synchronization
internal import Threads
internal import WireFormat
internal import ZeroMQ

/// A whole daemon: its threads and sockets, wired together.
///
/// Data walks one way: the receiver hands messages to the coordinator, which decides and passes
/// tensors to the engine; its results come back to the coordinator, which adds them to the windows
/// and passes sums to the publisher. The control socket asks the coordinator.
public final class Daemon: Sendable {
    /// The version of the program.
    public static let version = "0.1.0"

    /// The endpoint that is published on, with wildcards resolved.
    public var publishEndpoint: String { self.publisher.endpoint }

    /// The endpoints that batches are received on, with wildcards resolved.
    public var ingestEndpoints: [String] { self.receiver.reading.bound }

    /// The endpoint that is controlled through.
    public var controlEndpoint: String { self.control.endpoint }

    // Stopped from top to bottom: no new requests, no new messages, no more results, the last
    // publications. The context goes last, when its sockets are closed.
    private let control: ControlServer
    private let receiver: Receiver
    private let engine: GramEngine
    private let coordinator: Coordinator
    private let alerts: AlertKeeper
    private let publisher: Publisher
    private let context: Context
    private let memory: MemoryBudget
    private let logger: Logger

    /// Starts a daemon.
    ///
    /// - Parameters:
    ///   - settings: What it goes by.
    ///   - paths: Where its files are, where the settings do not say.
    ///   - logger: Where it says what happens.
    ///   - reload: Reads the settings again when the control socket asks for it.
    /// - Throws: An error that says what to do, where an endpoint cannot be bound or another daemon runs.
    public init(
        settings: Settings,
        paths: RuntimePaths,
        logger: Logger,
        reload: @escaping @Sendable () -> Result<[String], ReloadError>
    ) throws {
        let start = ContinuousClock.now
        let identity = DaemonIdentity(version: Self.version, epoch: Int(unixTime() * 1000))
        // Two threads for bytes: one alone would read megabytes of a large run for each few kilobytes of a small one.
        let context = try Context(ioThreadCount: 2)
        let memory = MemoryBudget(limit: settings.limits.memory)
        let inbox = Awaited(Inbox())

        // The control endpoint first: who has it is the daemon, and a second one is told so before it binds anything.
        let desk = ControlDesk()
        let control = try ControlServer(
            endpoint: settings.control.bind ?? paths.controlEndpoint,
            context: context,
            answer: desk.answer
        )
        var begun: [() -> Void] = [control.stop]
        do {
            let publisher = try Publisher(endpoint: settings.publish.bind, context: context, epoch: identity.epoch)
            begun.append(publisher.stop)
            let alertFile = try AlertFile(
                directory: settings.state.directory ?? paths.stateDirectory,
                pause: settings.state.checkpoint,
                logger: logger
            )
            begun.append(alertFile.stop)
            let alerts = try AlertKeeper(
                state: AlertKeeperState(
                    rules: AlertRules(settings),
                    file: alertFile,
                    checkpoint: settings.state.checkpoint,
                    publisher: publisher,
                    identity: identity,
                    logger: logger,
                    start: start
                )
            )
            begun.append(alerts.stop)
            let deliveries = AlertmanagerSink.Settings(settings.alerts.alertmanager)
            _ = alerts.ask { $0.deliver(to: deliveries) }
            let threadCount =
                settings.engine.threads == 0 ? Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))) : settings.engine.threads
            let engine = try GramEngine(threadCount: threadCount, memory: memory) { batch, result in
                inbox.update { $0.append(batch, result) }
            }
            begun.append(engine.stop)
            let coordinator = try Coordinator(
                inbox: inbox,
                core: CoordinatorCore(
                    monitor: Monitor(settings: MonitorSettings(settings), memory: memory),
                    limits: WireLimits(settings.limits),
                    firstComponent: settings.engine.firstComponent,
                    publishInterval: settings.publish.interval,
                    engine: engine,
                    publisher: publisher,
                    alerts: alerts,
                    memory: memory,
                    logger: logger,
                    start: start
                )
            )
            begun.append(coordinator.stop)
            let receiver = try Receiver(
                settings: ReceiverSettings(settings),
                context: context,
                memory: memory
            ) { message in
                inbox.update { $0.append(message) }
            }
            desk.open(
                with: ControlService(
                    coordinator: coordinator,
                    receiver: receiver,
                    publisher: publisher,
                    alerts: alerts,
                    alertFile: alertFile,
                    memory: memory,
                    identity: identity,
                    controlEndpoint: control.endpoint,
                    start: start,
                    reload: reload
                )
            )
            self.control = control
            self.publisher = publisher
            self.alerts = alerts
            self.engine = engine
            self.coordinator = coordinator
            self.receiver = receiver
        } catch {
            for stop in begun.reversed() {
                stop()
            }
            throw error
        }
        self.context = context
        self.memory = memory
        self.logger = logger
    }

    /// Goes by other settings from now on, as far as they do not need a restart.
    public func apply(_ settings: Settings, replacing old: Settings) {
        self.memory.limit = settings.limits.memory
        let monitorSettings = MonitorSettings(settings)
        let limits = WireLimits(settings.limits)
        let interval = settings.publish.interval
        _ = self.coordinator.ask { core in
            core.monitor.apply(monitorSettings)
            core.limits = limits
            core.firstComponent = settings.engine.firstComponent
            core.schedule.interval = interval
        }
        let rules = AlertRules(settings)
        let deliveries = AlertmanagerSink.Settings(settings.alerts.alertmanager)
        _ = self.alerts.ask { alerts in
            alerts.apply(rules)
            alerts.deliver(to: deliveries)
        }
        for endpoint in Set(settings.ingest.connect).subtracting(old.ingest.connect).sorted() {
            self.log("Cannot attach", endpoint) { () throws(AttachError) in
                try self.receiver.attach(endpoint, run: nil)
            }
        }
        for endpoint in Set(old.ingest.connect).subtracting(settings.ingest.connect).sorted() {
            self.log("Cannot detach", endpoint) { () throws(AttachError) in
                try self.receiver.detach(endpoint)
            }
            _ = self.coordinator.ask(inOrder: true) { core in
                core.perform(core.monitor.detach(SourceID(endpoint: endpoint), now: core.now))
            }
        }
    }

    private func log(_ message: Logger.Message, _ endpoint: String, _ body: () throws(AttachError) -> Void) {
        do {
            try body()
        } catch {
            self.logger.error(message, metadata: ["endpoint": "\(endpoint)", "error": "\(error)"])
        }
    }

    /// Ends every thread, within a second or so.
    public func stop() {
        self.control.stop()
        self.receiver.stop()
        self.engine.stop()
        self.coordinator.stop()
        self.alerts.stop()
        self.publisher.stop()
        self.context.shutdown()
    }
}
