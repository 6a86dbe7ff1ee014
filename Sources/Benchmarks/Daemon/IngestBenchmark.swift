internal import Foundation
public import LinearAlgebra
internal import WireFormat

/// Measures the processor time that a daemon takes for a batch, against that of receiving it and of computing it.
///
/// A separate process emits. In each round as many batches go to a receiver that throws them away, to a daemon, and,
/// without any socket, to an engine in this process. Once more the receiver and the engine are at it at the same time: a
/// daemon's threads share the cores with the emitter, and this is what sharing costs without any daemon.
public struct IngestBenchmark: Sendable {
    /// How the batches travel.
    public enum Transport: String, CaseIterable, Sendable {
        case tcp, ipc
    }

    private static var warmUpRounds: Int { 5 }

    private let programs: BenchmarkPrograms
    private let threadCount: Int
    private let rounds: Int

    /// Describes a measurement.
    ///
    /// - Parameters:
    ///   - programs: What runs in processes of their own.
    ///   - threadCount: The number of workers, the daemon's and the engine's.
    ///   - rounds: How many rounds count.
    public init(programs: BenchmarkPrograms, threadCount: Int, rounds: Int) {
        self.programs = programs
        self.threadCount = threadCount
        self.rounds = rounds
    }

    /// Measures batches of a shape.
    ///
    /// - Parameters:
    ///   - shape: The batches' size.
    ///   - elementType: How their numbers are stored.
    ///   - transport: How they travel.
    /// - Returns: Processor seconds for each batch; the floor is what the bare receiver takes, and what the engine takes, one
    ///   after the other.
    /// - Throws: An error where a process cannot be started.
    public func row(_ shape: BatchShape, _ elementType: ElementType, over transport: Transport) throws -> BenchmarkRow {
        let directory = FileManager.default.temporaryDirectory
        let bareEndpoint =
            switch transport {
            case .tcp: "tcp://127.0.0.1:*"
            case .ipc: "ipc://\(directory.path)/livecka-bench-\(UUID().uuidString).sock"
            }
        let receiver = try self.programs.receiver(endpoint: bareEndpoint)
        let daemon = try self.programs.daemon(settings: ["engine: {threads: \(self.threadCount)}"])
        let daemonEndpoint =
            switch transport {
            case .tcp: daemon.tcpEndpoint
            case .ipc: daemon.ipcEndpoint
            }
        let toReceiver = try self.programs.emitter(shape, elementType, run: "bare", endpoint: try receiver.nextLine())
        let toDaemon = try self.programs.emitter(shape, elementType, run: "daemon", endpoint: daemonEndpoint)
        let batches = SyntheticBatch(shape, elementType, run: .benchmark).repeatedBeyondCache()
        let trial = try EngineTrial(threadCount: self.threadCount)

        // About a gigabyte, so that what is done once a second is in it too.
        let count = max(4, min(2000, (1 << 30) / shape.byteCount(elementType)))
        var sent = 0
        var receiving: [Double] = []
        var computing: [Double] = []
        var sharing: [Double] = []
        // How much memory a daemon needs depends on how its threads take turns: in one round it has not touched it all.
        let rounds = try AlternatingRounds(self.rounds, warmingUpFor: Self.warmUpRounds) {
            func compute() throws { try trial.compute(batches, count: count, inFlight: self.threadCount) }
            func receive(while body: () throws -> Void = {}) throws {
                try receiver.tell("\(count)")
                try toReceiver.tell("send \(count)")
                try body()
                _ = try toReceiver.nextLine()
                _ = try receiver.nextLine()
            }
            let own = ProcessMeter()
            receiving.append(try receiver.meter.cpuSeconds { try receive() } / Double(count))
            computing.append(try own.cpuSeconds { try compute() } / Double(count))
            sharing.append(
                try receiver.meter.cpuSeconds(and: own) { try receive(while: compute) } / Double(count)
            )
            return receiving[receiving.count - 1] + computing[computing.count - 1]
        } measurement: {
            sent += count
            return try daemon.process.meter.cpuSeconds(takenBy: {
                _ = try toDaemon.ask("send \(count)")
                try daemon.wait(for: "daemon") { $0.accumulated + $0[.overBudget] >= sent }
            }) / Double(count)
        }
        let account = daemon.accounting(of: "daemon") ?? Accounting()
        return BenchmarkRow(
            bench: "ingest",
            layers: shape.layers,
            examples: shape.examples,
            features: shape.features,
            dtype: elementType.rawValue,
            seconds: rounds.measured,
            floorSeconds: rounds.floor,
            details: [
                "transport": .string(transport.rawValue),
                "congestion_control": transport.congestionControl.map(JSONValue.string) ?? .null,
                "receiver_seconds": .number(receiving.dropFirst(Self.warmUpRounds).median),
                "engine_seconds": .number(computing.dropFirst(Self.warmUpRounds).median),
                "sharing_seconds": .number(sharing.dropFirst(Self.warmUpRounds).median),
                "lowest_ratio": .number(rounds.ratios.percentile(0.1)),
                "highest_ratio": .number(rounds.ratios.percentile(0.9)),
                "batches": .integer(count),
                "over_budget": .integer(account[.overBudget]),
            ]
        )
    }
}

extension IngestBenchmark.Transport {
    /// How the system keeps a sender from sending too much, `nil` where that cannot be found out.
    ///
    /// What receiving costs depends on it: one that paces segments has the receiver wait for them, and sets timers.
    fileprivate var congestionControl: String? {
        switch self {
        case .tcp:
            try? String(contentsOfFile: "/proc/sys/net/ipv4/tcp_congestion_control", encoding: .utf8)
                .trimmingCharacters(in: .newlines)
        case .ipc: nil
        }
    }
}

extension ProcessMeter {
    /// The processor seconds that the process takes, or this one and another, while a closure runs.
    fileprivate func cpuSeconds(and other: ProcessMeter? = nil, takenBy body: () throws -> Void) rethrows -> Double {
        func sum() -> Double { self.cpuSeconds + (other?.cpuSeconds ?? 0) }
        let start = sum()
        try body()
        return sum() - start
    }
}
