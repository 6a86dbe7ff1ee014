/// What a daemon can be asked for.
public enum ControlCommand: String, CaseIterable, Sendable {
    case status, runs, run, attach, detach, snapshot, alerts, history, reset, forget, reload
}

/// Why a request is not granted.
public enum ControlErrorCode: String, CaseIterable, Sendable {
    case badRequest = "bad_request"
    case unknownCommand = "unknown_command"
    case unknownRun = "unknown_run"
    case unknownWindow = "unknown_window"
    case unknownStep = "unknown_step"
    case noData = "no_data"
    case badEndpoint = "bad_endpoint"
    case refused
    case `internal`
}
