public import Foundation
internal import LinearAlgebra

/// Starts the processes that a benchmark needs: daemons, and receivers and emitters, which are modes of the
/// benchmark's own program.
public struct BenchmarkPrograms: Sendable {
    private let livecka: URL
    private let benchmark: URL

    /// Names the programs.
    ///
    /// - Parameters:
    ///   - livecka: The file of the daemon.
    ///   - benchmark: The file of the benchmark's program, which has the modes `receive` and `emit`.
    public init(livecka: URL, benchmark: URL) {
        self.livecka = livecka
        self.benchmark = benchmark
    }

    /// Starts a daemon and waits until it answers.
    ///
    /// - Parameter settings: Lines of its settings, in YAML.
    /// - Returns: The daemon, which ends with the object.
    /// - Throws: An error where it does not start.
    func daemon(settings: [String]) throws -> DaemonProcess {
        try DaemonProcess(self.livecka, settings: settings)
    }

    /// Starts a ``BareReceiver``.
    ///
    /// - Throws: An error where it cannot be started.
    func receiver(endpoint: String) throws -> ChildProcess {
        try ChildProcess(self.benchmark, ["receive", endpoint])
    }

    /// Starts an ``EmitterProgram`` and waits until its batch is made up.
    ///
    /// - Throws: An error where it does not start.
    func emitter(
        _ shape: BatchShape,
        _ elementType: ElementType,
        run: String,
        endpoint: String
    ) throws -> ChildProcess {
        let process = try ChildProcess(
            self.benchmark,
            ["emit", endpoint, "\(shape)", elementType.rawValue, "--run", run]
        )
        _ = try process.nextLine()
        return process
    }
}
