internal import Foundation
public import LinearAlgebra
internal import WireFormat

/// Measures what a daemon holds in memory: that it does not grow with the number of batches, and that it stays within
/// its limit under a flood.
public struct MemoryBenchmark: Sendable {
    private let programs: BenchmarkPrograms
    private let threadCount: Int

    /// Describes a measurement.
    ///
    /// - Parameters:
    ///   - programs: What runs in processes of their own.
    ///   - threadCount: The number of the daemon's workers.
    public init(programs: BenchmarkPrograms, threadCount: Int) {
        self.programs = programs
        self.threadCount = threadCount
    }

    /// Streams many batches, and compares what is resident near the beginning and at the end.
    ///
    /// - Parameters:
    ///   - shape: The batches' size.
    ///   - elementType: How their numbers are stored.
    ///   - count: The number of batches.
    ///   - settledCount: After how many the first look is taken.
    /// - Returns: A row whose ratio is resident bytes first ÷ at the end.
    /// - Throws: An error where a process cannot be started.
    public func growthRow(
        _ shape: BatchShape,
        _ elementType: ElementType,
        count: Int,
        settledCount: Int
    ) throws -> BenchmarkRow {
        let daemon = try self.programs.daemon(settings: ["engine: {threads: \(self.threadCount)}"])
        let emitter = try self.programs.emitter(shape, elementType, run: "steady", endpoint: daemon.tcpEndpoint)
        var sent = 0
        func send(_ further: Int) throws {
            sent += further
            _ = try emitter.ask("send \(further)")
            try daemon.wait(for: "steady") { $0.accumulated + $0[.overBudget] >= sent }
        }
        // What the last batches have left behind is given back within a second.
        func restingByteCount() -> Int {
            Thread.sleep(forTimeInterval: 1.5)
            return daemon.process.meter.residentByteCount
        }
        try send(settledCount)
        let first = restingByteCount()
        let start = ContinuousClock.now
        try send(count - settledCount)
        let seconds = start.duration(to: .now).seconds / Double(count - settledCount)
        let last = restingByteCount()
        let account = daemon.accounting(of: "steady") ?? Accounting()
        var row = BenchmarkRow(
            bench: "memory",
            layers: shape.layers,
            examples: shape.examples,
            features: shape.features,
            dtype: elementType.rawValue,
            seconds: seconds,
            floorSeconds: nil,
            details: [
                "case": "steady",
                "batches": .integer(count),
                "resident_first_bytes": .integer(first),
                "resident_last_bytes": .integer(last),
                "growth": .number(Double(last) / Double(first) - 1),
                "peak_bytes": .integer(daemon.process.meter.peakResidentByteCount),
                "over_budget": .integer(account[.overBudget]),
            ]
        )
        row.ratio = Double(first) / Double(last)
        return row
    }

    /// Floods a daemon from several processes, and takes the peak of what is resident.
    ///
    /// - Parameters:
    ///   - shape: The batches' size.
    ///   - elementType: How their numbers are stored.
    ///   - emitterCount: The number of emitters, each a run of its own.
    ///   - count: How many batches each attempts.
    ///   - limit: `limits.memory`, in bytes.
    /// - Returns: A row whose ratio is limit ÷ peak.
    /// - Throws: An error where a process cannot be started, or the accounts do not come to rest.
    public func floodRow(
        _ shape: BatchShape,
        _ elementType: ElementType,
        emitterCount: Int,
        count: Int,
        limit: Int
    ) throws -> BenchmarkRow {
        let daemon = try self.programs.daemon(
            settings: ["engine: {threads: \(self.threadCount)}", "limits: {memory: \(limit)B, message: \(limit / 2)B}"]
        )
        let emitters = try (0..<emitterCount).map { index in
            try self.programs.emitter(shape, elementType, run: "flood-\(index)", endpoint: daemon.tcpEndpoint)
        }
        let start = ContinuousClock.now
        for emitter in emitters {
            try emitter.tell("attempt \(count) 200")
        }
        var used = 0
        var attempts: [(attempted: Int, dropped: Int)] = []
        for emitter in emitters {
            let numbers = try emitter.nextLine().split(separator: " ").compactMap { Int($0) }
            attempts.append((numbers[0], numbers[1]))
            if case .object(let memory)? = try daemon.status()["memory"] {
                used = max(used, memory["used"]?.exactInteger ?? 0)
            }
            _ = try emitter.ask("bye")
        }
        var accounts = Accounting()
        var isExact = true
        for (index, attempt) in attempts.enumerated() {
            let account = try daemon.wait(for: "flood-\(index)") {
                $0.pending == 0 && $0.attempted == attempt.attempted && $0.dropped == attempt.dropped
            }
            isExact = isExact && account.isBalanced && account.lost == 0
            accounts = accounts + account
        }
        let seconds = start.duration(to: .now).seconds / Double(max(1, accounts.accumulated))
        let peak = daemon.process.meter.peakResidentByteCount
        var row = BenchmarkRow(
            bench: "memory",
            layers: shape.layers,
            examples: shape.examples,
            features: shape.features,
            dtype: elementType.rawValue,
            seconds: seconds,
            floorSeconds: nil,
            details: [
                "case": "flood",
                "emitters": .integer(emitterCount),
                "limit_bytes": .integer(limit),
                "peak_bytes": .integer(peak),
                "resident_last_bytes": .integer(daemon.process.meter.residentByteCount),
                "attempted": .integer(accounts.attempted),
                "accumulated": .integer(accounts.accumulated),
                "over_budget": .integer(accounts[.overBudget]),
                "dropped": .integer(accounts.dropped),
                "accounted": .bool(isExact),
            ]
        )
        row.ratio = Double(limit) / Double(peak)
        return row
    }
}
