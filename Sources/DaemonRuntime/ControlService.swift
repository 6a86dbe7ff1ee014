internal import Alertmanager
internal import Control
internal import Ingestion
internal import Monitoring
internal import Publishing
internal import WireFormat
internal import ZeroMQ

/// What each command of the control socket does.
struct ControlService: Sendable {
    let coordinator: Coordinator
    let receiver: Receiver
    let publisher: Publisher
    let alerts: AlertKeeper
    let alertFile: AlertFile
    let memory: MemoryBudget
    let identity: DaemonIdentity
    let controlEndpoint: String
    let start: ContinuousClock.Instant
    let reload: @Sendable () -> Result<[String], ReloadError>

    /// Answers a request.
    func answer(_ request: ControlRequest) -> ControlAnswer {
        do throws(ControlFailure) {
            switch request.command {
            case .status: return .success(request, .object(try self.status()))
            case .runs: return .success(request, .array(try self.runs().map { .object($0.summary) }))
            case .run: return .success(request, .object(try self.run(request).details))
            case .snapshot: return try self.snapshot(request)
            case .attach: return .success(request, .object(try self.attach(request)))
            case .detach: return .success(request, .object(try self.detach(request)))
            case .reset: return .success(request, .object(try self.reset(request)))
            case .forget: return .success(request, .object(try self.forget(request)))
            case .reload: return .success(request, .object(try self.reloadSettings()))
            case .alerts: return .success(request, .array(try self.askAlerts { $0.alerts(of: request.run) }))
            case .history:
                throw ControlFailure(.unknownCommand, "\(request.command.rawValue) is not part of this version")
            }
        } catch {
            return ControlAnswer(.failure(id: request.id, code: error.code, message: error.message))
        }
    }

    // MARK: Reading

    private func status() throws(ControlFailure) -> JSONObject {
        let ingest = self.receiver.reading
        let (stray, runs, windows, withoutComponents) = try self.ask { core in
            (core.monitor.stray, core.monitor.runIDs, core.monitor.windows, core.droppedFirstComponentCount)
        }
        var degraded: [JSONValue] = []
        if self.publisher.droppedCount > 0 {
            degraded.append(.string("\(self.publisher.droppedCount) publications were dropped"))
        }
        if withoutComponents > 0 {
            let reason = "no memory was left under limits.memory"
            degraded.append(.string("\(withoutComponents) batches went without their first components: \(reason)"))
        }
        degraded += try self.degradedAlerts().map { .string($0) }
        return [
            "version": .string(self.identity.version),
            "epoch": .integer(self.identity.epoch),
            "uptime": .number(self.start.duration(to: .now).inSeconds),
            "endpoints": [
                "ingest": .array(ingest.bound.map { .string($0) }),
                "attached": .array(ingest.connected.map { .string($0) }),
                "publish": .string(self.publisher.endpoint),
                "control": .string(self.controlEndpoint),
            ],
            "memory": [
                "used": .integer(self.memory.total),
                "limit": .integer(self.memory.limit),
                "connections": .integer(self.memory.setAside(for: .connections)),
                "scratch": .integer(self.memory.setAside(for: .scratch)),
            ],
            "runs": .integer(runs.count),
            "windows": .array(windows.map { ["name": .string($0.name), "kind": .string($0.kind.name)] }),
            "disconnects": .integer(ingest.disconnectCount),
            "accounting": stray.json,
            "degraded": .array(degraded),
        ]
    }

    /// What is not as it should be with the alerts, a sentence for each.
    private func degradedAlerts() throws(ControlFailure) -> [String] {
        var sentences: [String] = []
        if self.alerts.droppedCount > 0 {
            sentences.append("\(self.alerts.droppedCount) evaluations of windows were dropped")
        }
        if let failure = self.alertFile.failure {
            sentences.append("alerts are not saved (\(failure.count) failures): \(failure.reason)")
        }
        if let deliveries = try self.askAlerts({ $0.deliveries }) {
            if let failure = deliveries.failure {
                sentences.append("Alertmanager cannot be told (\(deliveries.failureCount) failures): \(failure)")
            }
            if deliveries.droppedCount > 0 {
                sentences.append("\(deliveries.droppedCount) alerts for Alertmanager were dropped")
            }
        }
        return sentences
    }

    private func runs() throws(ControlFailure) -> [RunReading] {
        try self.ask { core in
            core.monitor.runIDs.compactMap { core.monitor.reading(of: $0, now: core.now) }
        }
    }

    private func run(_ request: ControlRequest) throws(ControlFailure) -> RunReading {
        let id = try request.requiredRun
        guard let reading = try self.ask({ $0.monitor.reading(of: id, now: $0.now) }) else {
            throw .unknownRun(id)
        }
        return reading
    }

    private func snapshot(_ request: ControlRequest) throws(ControlFailure) -> ControlAnswer {
        let id = try request.requiredRun
        let run = try self.run(request)
        let window = try request.chooseWindow(of: run)
        guard let reading = try self.ask({ $0.monitor.reading(of: id, window: window) }) else {
            throw ControlFailure(.noData, "window \(window.name) of run \(id) holds no batch yet")
        }
        if let step = request.step, !(reading.sums.stepFirst...reading.sums.stepLast).contains(step) {
            let held = "it holds steps \(reading.sums.stepFirst) to \(reading.sums.stepLast)"
            throw ControlFailure(.unknownStep, "window \(window.name) of run \(id) does not hold step \(step); \(held)")
        }
        let message = SnapshotMessage(
            reading,
            identity: self.identity,
            withGroups: request.wantsGroups,
            withFirstComponents: request.wantsFirstComponents
        )
        return ControlAnswer(.success(id: request.id, result: .object(message.header)), frames: message.frames)
    }

    // MARK: Changing

    private func attach(_ request: ControlRequest) throws(ControlFailure) -> JSONObject {
        let endpoint = try request.requiredEndpoint
        do {
            try self.receiver.attach(endpoint, run: request.run?.name)
        } catch {
            throw ControlFailure(error)
        }
        try self.ask { core in
            core.perform(core.monitor.attach(SourceID(endpoint: endpoint)))
        }
        return ["endpoint": .string(endpoint), "run": request.run.map { .string($0.name) } ?? .null]
    }

    private func detach(_ request: ControlRequest) throws(ControlFailure) -> JSONObject {
        let endpoint = try request.requiredEndpoint
        do {
            try self.receiver.detach(endpoint)
        } catch {
            throw ControlFailure(error)
        }
        // Messages that were received before belong to the sessions that end here.
        try self.ask(inOrder: true) { core in
            core.perform(core.monitor.detach(SourceID(endpoint: endpoint), now: core.now))
        }
        return ["endpoint": .string(endpoint)]
    }

    private func reset(_ request: ControlRequest) throws(ControlFailure) -> JSONObject {
        let id = try request.requiredRun
        let run = try self.run(request)
        let window = try request.window.map { name throws(ControlFailure) in try run.window(named: name).name }
        guard try self.ask(inOrder: true, { $0.reset(id, window: window) }) else {
            throw .unknownRun(id)
        }
        return ["run": .string(id.name), "window": window.map { .string($0) } ?? .null]
    }

    private func forget(_ request: ControlRequest) throws(ControlFailure) -> JSONObject {
        let id = try request.requiredRun
        // Alerts of a run may be known from before the daemon started, and nothing else of it.
        let hasAlerts = try self.askAlerts { $0.forget(id) }
        let isKnown = try self.ask(inOrder: true) { core in
            guard let actions = core.monitor.forget(id) else { return false }
            core.perform(actions)
            return true
        }
        guard isKnown || hasAlerts else {
            throw .unknownRun(id)
        }
        return ["run": .string(id.name)]
    }

    private func reloadSettings() throws(ControlFailure) -> JSONObject {
        switch self.reload() {
        case .success(let keys): return ["restart_needed": .array(keys.map { .string($0) })]
        case .failure(let error): throw ControlFailure(.refused, error.description)
        }
    }

    private func askAlerts<Answer: Sendable>(
        _ body: @escaping @Sendable (inout AlertKeeperState) -> Answer
    ) throws(ControlFailure) -> Answer {
        guard let answer = self.alerts.ask(body) else {
            throw ControlFailure(.internal, "the daemon is stopping")
        }
        return answer
    }

    @discardableResult
    private func ask<Answer: Sendable>(
        inOrder: Bool = false,
        _ body: @escaping @Sendable (inout CoordinatorCore) -> Answer
    ) throws(ControlFailure) -> Answer {
        guard let answer = self.coordinator.ask(inOrder: inOrder, body) else {
            throw ControlFailure(.internal, "the daemon is stopping")
        }
        return answer
    }
}

extension ControlAnswer {
    fileprivate static func success(_ request: ControlRequest, _ result: JSONValue) -> ControlAnswer {
        ControlAnswer(.success(id: request.id, result: result))
    }
}
