internal import Ingestion
internal import Monitoring
internal import WireFormat

/// Why a request cannot be granted.
struct ControlFailure: Error {
    let code: ControlErrorCode
    let message: String

    init(_ code: ControlErrorCode, _ message: String) {
        self.code = code
        self.message = message
    }

    init(_ error: AttachError) {
        switch error {
        case .unacceptable: self.init(.badEndpoint, error.description)
        case .notAttached: self.init(.badEndpoint, error.description)
        case .stopping: self.init(.internal, error.description)
        }
    }

    /// No run of this name is known.
    static func unknownRun(_ run: RunID) -> ControlFailure {
        ControlFailure(.unknownRun, "no run is named \(run); `livecka runs` lists the known ones")
    }
}

extension ControlRequest {
    /// The run that the request is about.
    var requiredRun: RunID {
        get throws(ControlFailure) {
            guard let run = self.run else {
                throw ControlFailure(.badRequest, "\(self.command.rawValue) needs a run")
            }
            return run
        }
    }

    /// The endpoint that the request is about.
    var requiredEndpoint: String {
        get throws(ControlFailure) {
            guard let endpoint = self.endpoint else {
                throw ControlFailure(
                    .badRequest,
                    "\(self.command.rawValue) needs an endpoint such as tcp://127.0.0.1:5580"
                )
            }
            return endpoint
        }
    }

    /// Whether a snapshot is to carry its groups of batches, for those who want to go on computing.
    var wantsGroups: Bool {
        self.object["groups"] == .bool(true)
    }

    /// Whether a snapshot is to carry the matrices of the first components.
    var wantsFirstComponents: Bool {
        self.object["pc1"] == .bool(true)
    }

    /// The window that the request names, or else the first of the settings that holds something.
    func chooseWindow(of run: RunReading) throws(ControlFailure) -> WindowDefinition {
        if let name = self.window {
            return try run.window(named: name)
        }
        guard let window = run.windows.first(where: { $0.sums != nil }) ?? run.windows.first else {
            throw ControlFailure(.noData, "run \(run.run) has no window")
        }
        return window.definition
    }
}

extension RunReading {
    /// The window of a name.
    func window(named name: String) throws(ControlFailure) -> WindowDefinition {
        guard let window = self.windows.first(where: { $0.definition.name == name }) else {
            let known = self.windows.map(\.definition.name).joined(separator: ", ")
            throw ControlFailure(.unknownWindow, "no window is named \(name); there are \(known)")
        }
        return window.definition
    }
}
