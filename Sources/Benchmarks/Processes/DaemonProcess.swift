internal import Control
public import Foundation
public import WireFormat
internal import ZeroMQ

/// A real daemon in a process of its own, on free ports and with files in a directory that goes with it.
public final class DaemonProcess {
    /// Where it listens for batches over TCP.
    public let tcpEndpoint: String

    /// Where it listens for batches over a socket of the file system.
    public let ipcEndpoint: String

    /// Where it publishes.
    public let publishEndpoint: String

    /// The process.
    public let process: ChildProcess

    private let directory: URL
    private let client: ControlClient

    /// Starts a daemon and waits until it answers.
    ///
    /// - Parameters:
    ///   - executable: The file of `livecka`.
    ///   - settings: Further lines of its settings, in YAML.
    /// - Throws: An error where it cannot be started, or does not answer within ten seconds.
    public init(_ executable: URL, settings: [String] = []) throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "livecka-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: directory.path)
        let control = "ipc://\(directory.path)/control.sock"
        let lines =
            [
                "ingest: {bind: [\"tcp://127.0.0.1:*\", \"ipc://\(directory.path)/ingest.sock\"]}",
                "control: {bind: \"\(control)\"}",
                "http: {port: 0}",
                "state: {directory: \"\(directory.path)\"}",
            ] + settings
        let file = directory.appending(path: "livecka.yaml")
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: file)
        self.directory = directory
        // In the environment, so that `settings` may have further ones of the same section.
        self.process = try ChildProcess(
            executable,
            ["serve", "--config", file.path],
            environment: ["LIVECKA_PUBLISH_BIND": "tcp://127.0.0.1:*"]
        )
        self.client = try Self.connect(to: control, of: self.process)

        guard case .object(let status) = try self.client.request("status").result,
            case .object(let endpoints)? = status["endpoints"],
            case .array(let ingest)? = endpoints["ingest"], ingest.count == 2,
            case .string(let tcp) = ingest[0], case .string(let ipc) = ingest[1],
            case .string(let publish)? = endpoints["publish"]
        else {
            throw ChildProcess.Failure(description: "the daemon does not say where it listens")
        }
        self.tcpEndpoint = tcp
        self.ipcEndpoint = ipc
        self.publishEndpoint = publish
    }

    deinit {
        self.process.stop()
        try? FileManager.default.removeItem(at: self.directory)
    }

    /// What the daemon says of itself.
    ///
    /// - Throws: An error where it does not answer.
    public func status() throws -> JSONObject {
        guard case .object(let status) = try self.client.request("status").result else { return [:] }
        return status
    }

    /// The alerts that are active.
    ///
    /// - Throws: An error where it does not answer.
    public func alerts() throws -> [JSONObject] {
        guard case .array(let alerts) = try self.client.request("alerts").result else { return [] }
        return alerts.compactMap { alert in
            if case .object(let fields) = alert { fields } else { nil }
        }
    }

    /// The account of a run, `nil` where it is not known.
    public func accounting(of run: String) -> Accounting? {
        guard case .object(let reading)? = try? self.client.request("run", ["run": .string(run)]).result,
            case .object(let accounting)? = reading["accounting"]
        else {
            return nil
        }
        return Accounting(reading: accounting)
    }

    /// Waits until the account of a run fits a condition.
    ///
    /// The daemon is asked twenty times a second, which costs it next to nothing.
    ///
    /// - Returns: The account.
    /// - Throws: An error where that takes longer than a minute.
    @discardableResult
    public func wait(for run: String, until condition: (Accounting) -> Bool) throws -> Accounting {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            if let accounting = self.accounting(of: run), condition(accounting) {
                return accounting
            }
            Thread.sleep(forTimeInterval: 0.05)
        }
        let accounting = self.accounting(of: run).map { "\($0)" } ?? "none"
        throw ChildProcess.Failure(
            description: "the daemon is not done with run \(run) after a minute; its account: \(accounting)"
        )
    }

    private static func connect(to endpoint: String, of process: ChildProcess) throws -> ControlClient {
        let context = try Context()
        let deadline = ContinuousClock.now + .seconds(10)
        while ContinuousClock.now < deadline, process.isRunning {
            if let client = try? ControlClient(endpoint: endpoint, context: context) {
                return client
            }
            Thread.sleep(forTimeInterval: 0.01)
        }
        throw ChildProcess.Failure(description: "the daemon has not started")
    }
}

extension Accounting {
    /// Reads what ``json`` has written.
    fileprivate init(reading object: JSONObject) {
        func count(_ key: String) -> Int { object[key]?.exactInteger ?? 0 }
        self.init(
            attempted: count("attempted"),
            unnumbered: count("unnumbered"),
            outside: count("outside"),
            accumulated: count("accumulated"),
            dropped: count("dropped"),
            lost: count("lost"),
            pending: count("pending")
        )
        guard case .object(let rejected)? = object["rejected"] else { return }
        for (key, value) in rejected {
            if let reason = RejectionReason(rawValue: key) {
                self[reason] = value.exactInteger ?? 0
            }
        }
    }
}
