internal import LinearAlgebra
public import Logging
public import ServiceLifecycle
internal import ServiceNotification
public import Settings
internal import Synchronization
internal import UnixSignals

/// A daemon with the life that a service manager expects.
///
/// It tells systemd when it is ready, when it reads its settings again and when it stops; ends on
/// SIGINT and SIGTERM; and reads its settings again on SIGHUP.
public struct DaemonService: Service {
    private let settings: Settings
    private let settingsFile: String?
    private let paths: RuntimePaths
    private let environment: [String: String]
    private let logger: Logger

    /// Describes a service.
    ///
    /// - Parameters:
    ///   - settings: What the daemon goes by.
    ///   - settingsFile: The file that SIGHUP reads again, if there is one.
    ///   - paths: Where the daemon's files are, where the settings do not say.
    ///   - environment: The environment of the process.
    ///   - logger: Where the daemon says what happens.
    public init(
        settings: Settings,
        settingsFile: String?,
        paths: RuntimePaths,
        environment: [String: String],
        logger: Logger
    ) {
        self.settings = settings
        self.settingsFile = settingsFile
        self.paths = paths
        self.environment = environment
        self.logger = logger
    }

    /// Runs the daemon until the process is told to end.
    public func runUntilSignalled() async throws {
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: self, successTerminationBehavior: .gracefullyShutdownGroup)],
                gracefulShutdownSignals: [.sigint, .sigterm],
                logger: self.logger
            )
        )
        try await group.run()
    }

    /// Runs the daemon until the task is told to shut down.
    public func run() async throws {
        let reloader = SettingsReloader(
            current: self.settings,
            file: self.settingsFile,
            environment: self.environment,
            logger: self.logger
        )
        let daemon = try Daemon(
            settings: self.settings,
            paths: self.paths,
            logger: self.logger,
            reload: { reloader.reload() }
        )
        reloader.attach(daemon)
        let notifier = try ReadinessNotifier(environment: self.environment)
        self.announce(daemon)
        try notifier.notify(.ready)

        let hangups = await UnixSignalsSequence(trapping: .sighup)
        for await _ in hangups.cancelOnGracefulShutdown() {
            try notifier.notifyReloading()
            _ = reloader.reload()
            try notifier.notify(.ready)
        }
        try notifier.notify(.stopping)
        daemon.stop()
        self.logger.info("Stopped")
    }

    private func announce(_ daemon: Daemon) {
        self.logger.info(
            "Listening",
            metadata: [
                "ingest.endpoints": "\(daemon.ingestEndpoints.joined(separator: " "))",
                "publish.endpoint": "\(daemon.publishEndpoint)",
                "control.endpoint": "\(daemon.controlEndpoint)",
                "engine.kernels": "\(KernelLevel.current.rawValue)",
            ]
        )
        if let asked = self.environment[KernelLevel.variable], asked != KernelLevel.current.rawValue {
            self.logger.warning(
                "\(KernelLevel.variable) names no level of this processor below its own",
                metadata: ["asked": "\(asked)", "used": "\(KernelLevel.current.rawValue)"]
            )
        }
        let withoutEffect = self.settings.withoutEffect
        if !withoutEffect.isEmpty {
            self.logger.notice(
                "Settings without effect in this version",
                metadata: ["settings.keys": "\(withoutEffect.joined(separator: ", "))"]
            )
        }
    }
}

/// Reads the settings again, and keeps the old ones if the new are bad.
private final class SettingsReloader: Sendable {
    private struct State {
        var current: Settings
        var daemon: Daemon?
    }

    private let state: Mutex<State>
    private let file: String?
    private let environment: [String: String]
    private let logger: Logger

    init(current: Settings, file: String?, environment: [String: String], logger: Logger) {
        self.state = Mutex(State(current: current))
        self.file = file
        self.environment = environment
        self.logger = logger
    }

    /// Names the daemon that goes by the settings.
    func attach(_ daemon: Daemon) {
        self.state.withLock { $0.daemon = daemon }
    }

    /// Reads the settings again.
    ///
    /// - Returns: The keys that changed but take effect only at the next start.
    func reload() -> Result<[String], ReloadError> {
        guard let file = self.file else {
            return .failure(
                ReloadError("the daemon was started without a settings file; there is nothing to read again")
            )
        }
        do {
            let new = try Settings(contentsOf: file, environment: self.environment)
            return .success(self.apply(new))
        } catch {
            self.logger.error("Settings are bad and the old ones stay", metadata: ["settings.errors": "\(error)"])
            return .failure(ReloadError("\(error)"))
        }
    }

    private func apply(_ settings: Settings) -> [String] {
        var settings = settings
        let pending = self.state.withLock { state in
            // The command line overrode this one at the start.
            settings.control.bind = state.current.control.bind
            let pending = settings.restartNeeded(from: state.current)
            state.daemon?.apply(settings, replacing: state.current)
            state.current = settings
            return pending
        }
        self.logger.info(
            "Settings were read again",
            metadata: ["settings.restart_needed": "\(pending.joined(separator: ", "))"]
        )
        return pending
    }
}
