/// What a service tells the service manager that started it.
///
/// The text of the `sd_notify` protocol: `KEY=value` lines in one datagram.
public enum ServiceNotification: Hashable, Sendable {
    /// The service is up, or is done reloading.
    case ready
    /// The service reloads its settings, since a reading of `CLOCK_MONOTONIC` in microseconds.
    case reloading(monotonicMicroseconds: UInt64)
    /// The service is about to end.
    case stopping
    /// What the service does, in one line for people: line breaks become spaces.
    case status(String)

    /// The datagram's text.
    public var text: String {
        switch self {
        case .ready: "READY=1"
        case .reloading(let microseconds): "RELOADING=1\nMONOTONIC_USEC=\(microseconds)"
        case .stopping: "STOPPING=1"
        case .status(let status): "STATUS=\(String(status.map { $0.isNewline ? " " : $0 }))"
        }
    }
}
