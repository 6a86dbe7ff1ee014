import Control
import DaemonRuntime
import Foundation
import Logging
import Settings
import WireFormat
import ZeroMQ

/// A whole daemon on free ports, in a temporary directory, that stops with this object.
final class RunningDaemon {
    let daemon: Daemon
    let context: Context
    private let directory: URL

    init(_ change: (inout Settings) -> Void = { _ in }) throws {
        self.directory = FileManager.default.temporaryDirectory.appending(path: "livecka-\(UUID().uuidString)")
        var settings = Settings()
        settings.ingest.bind = ["tcp://127.0.0.1:*"]
        settings.publish.bind = "tcp://127.0.0.1:*"
        settings.publish.interval = .milliseconds(10)
        settings.control.bind = "ipc://\(self.directory.path)/control.sock"
        settings.engine.threads = 2
        change(&settings)
        self.context = try Context()
        self.daemon = try Daemon(
            settings: settings,
            paths: RuntimePaths(environment: [:], userID: 0, temporaryDirectory: self.directory.path),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            reload: { .success(["windows"]) }
        )
    }

    deinit {
        self.daemon.stop()
        try? FileManager.default.removeItem(at: self.directory)
    }

    /// Asks the daemon, and returns the result.
    func ask(_ command: String, _ arguments: JSONObject = [:]) throws -> (result: JSONValue, frames: [Frame]) {
        try ControlClient(endpoint: self.daemon.controlEndpoint, context: self.context).request(command, arguments)
    }

    /// The account of a run, `nil` while it is not known.
    func accounting(of run: String) throws -> JSONObject? {
        guard case .object(let reading)? = try? self.ask("run", ["run": .string(run)]).result,
            case .object(let accounting)? = reading["accounting"]
        else {
            return nil
        }
        return accounting
    }

    /// Waits until a run has accumulated so many batches; `false` after ten seconds.
    func settles(_ run: String, accumulated count: Int) throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(10)
        let poller = Poller()
        while ContinuousClock.now < deadline {
            if try self.accounting(of: run)?["accumulated"] == .integer(count) {
                return true
            }
            _ = try poller.wait(timeout: .milliseconds(5))
        }
        return false
    }
}
