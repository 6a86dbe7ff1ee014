internal import Foundation
public import LinearAlgebra
internal import WireFormat
internal import ZeroMQ

/// Measures how soon a subscriber has the matrix after the last byte of a batch was sent.
///
/// Each batch changes all windows, and what is awaited is the last of the matrices that go out, that of `total`. The next
/// batch is sent a while later than `publish.interval`, which is at its least, so that every change goes out at once: what is
/// measured is the daemon and not the interval that its user chose.
///
/// With an Alertmanager that takes no alerts, eight rules fire and have news with every batch.
///
/// The last byte counts as sent when libzmq lets go of the last frame, which it does after it has handed the bytes over
/// to the operating system.
public struct LatencyBenchmark: Sendable {
    /// The batches that are not measured: from the eighth on, windows are looked at for alerts.
    private static let warmUpCount = 10

    private let programs: BenchmarkPrograms
    private let threadCount: Int
    private let count: Int

    /// Describes a measurement.
    ///
    /// - Parameters:
    ///   - programs: What runs in processes of their own.
    ///   - threadCount: The number of the daemon's workers.
    ///   - count: How many batches are measured.
    public init(programs: BenchmarkPrograms, threadCount: Int, count: Int) {
        self.programs = programs
        self.threadCount = threadCount
        self.count = count
    }

    /// Measures batches of a shape.
    ///
    /// - Parameters:
    ///   - shape: The batches' size.
    ///   - elementType: How their numbers are stored.
    ///   - neighbour: The shape of the batches that a second run streams meanwhile, `nil` for none.
    ///   - outage: Why Alertmanager does not take the alerts that fire meanwhile, `nil` where there is none to be told.
    /// - Returns: The median; the floor is the time that an engine takes for such a batch.
    /// - Throws: An error where a process cannot be started, no matrix comes, or alerts were to fire and do not.
    public func row(
        _ shape: BatchShape,
        _ elementType: ElementType,
        beside neighbour: BatchShape? = nil,
        during outage: AlertmanagerOutage? = nil
    ) throws -> BenchmarkRow {
        let alertmanager = try outage.map(AbsentAlertmanager.init)
        let daemon = try self.programs.daemon(
            settings: [
                "engine: {threads: \(self.threadCount)}", "publish: {interval: 10ms}",
            ] + (alertmanager?.settings ?? [])
        )
        let batch = SyntheticBatch(shape, elementType, run: .benchmark)
        let context = try Context()
        let subscriber = try Socket(.sub, in: context)
        try subscriber.connect(daemon.publishEndpoint)
        try subscriber.subscribe("cka/\(RunID.benchmark)/total/")
        let emitter = try BatchEmitter(batch, to: daemon.tcpEndpoint, in: context)
        let engine = try self.engineSeconds(batch)

        let stream = try neighbour.map { shape in
            try self.programs.emitter(shape, .float32, run: "neighbour", endpoint: daemon.tcpEndpoint)
        }
        if let stream {
            try stream.tell("stream")
            try daemon.wait(for: "neighbour") { $0.accumulated >= 3 }
        }
        var fromLastByte: [Double] = []
        var fromSending: [Double] = []
        for number in 0..<self.count + Self.warmUpCount {
            let start = ContinuousClock.now
            let last = try emitter.sendTracked()
            let sent = last.waitUntilReleased()
            guard try subscriber.receiveMessage(timeout: .seconds(10)) != nil else {
                let account = daemon.accounting(of: RunID.benchmark.name)?.json.text ?? "none"
                throw ChildProcess.Failure(description: "no matrix in ten seconds after \(number); account \(account)")
            }
            let end = ContinuousClock.now
            if number >= Self.warmUpCount {
                fromLastByte.append(sent.duration(to: end).seconds)
                fromSending.append(start.duration(to: end).seconds)
            }
            Thread.sleep(forTimeInterval: 0.025)
        }
        stream?.stop()
        let alerts = try alertmanager.map { _ in try AlertReading(of: daemon) }
        return BenchmarkRow(
            bench: "latency",
            layers: shape.layers,
            examples: shape.examples,
            features: shape.features,
            dtype: elementType.rawValue,
            seconds: fromLastByte.median,
            floorSeconds: engine,
            details: [
                "p99_seconds": .number(fromLastByte.percentile(0.99)),
                "worst_seconds": .number(fromLastByte.max() ?? .nan),
                "from_send_seconds": .number(fromSending.median),
                "from_send_p99_seconds": .number(fromSending.percentile(0.99)),
                "batches": .integer(self.count),
                "neighbour": neighbour.map { .string("\($0)") } ?? .null,
                "neighbour_batches": .integer(daemon.accounting(of: "neighbour")?.accumulated ?? 0),
                "alertmanager": .string(outage?.rawValue ?? "none"),
                "alerts_firing": .integer(alerts?.firingCount ?? 0),
                "alert_changes": .integer(alerts?.changeCount ?? 0),
                "deliveries_failed": .integer(alerts?.failedDeliveryCount ?? 0),
            ]
        )
    }

    /// The seconds that an engine takes for a batch that is in memory.
    private func engineSeconds(_ batch: SyntheticBatch) throws -> Double {
        let trial = try EngineTrial(threadCount: self.threadCount)
        let batches = batch.repeatedBeyondCache()
        let seconds = try (0..<25).map { _ in try secondsTaken { try trial.compute(batches) } }
        return seconds.dropFirst(5).median
    }
}
