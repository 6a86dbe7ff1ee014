import ArgumentParser
import DaemonRuntime
import Foundation
import Logging
import Settings

/// Runs the daemon.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the daemon in the foreground.",
        discussion: """
            Ends with SIGINT or SIGTERM. SIGHUP reads the settings again, and keeps the old ones if the new are bad.
            """
    )

    @Option(name: .long, help: "The settings, in YAML. Without it the defaults apply.")
    var config: String?

    @OptionGroup var options: ControlOptions

    func run() async throws {
        var logger = Logger(label: "livecka") { StreamLogHandler.standardError(label: $0) }
        let environment = ProcessInfo.processInfo.environment
        logger.logLevel = environment["LIVECKA_LOG_LEVEL"].flatMap(Logger.Level.init(rawValue:)) ?? .info

        // A file that may not grow is an error to be told; left alone, the signal would end the daemon.
        signal(SIGXFSZ, SIG_IGN)

        for sentence in Settings.strayVariables(in: environment) {
            logger.warning("Variable without effect", metadata: ["environment.variable": "\(sentence)"])
        }
        var settings = try Settings.load(file: self.config, failingWith: EX_CONFIG)
        settings.control.bind = self.options.control ?? environment["LIVECKA_CONTROL"] ?? settings.control.bind
        do {
            try await DaemonService(
                settings: settings,
                settingsFile: self.config,
                paths: .current,
                environment: environment,
                logger: logger
            ).runUntilSignalled()
        } catch {
            throw failure("\(error)")
        }
    }
}
