public import Alerting
public import Threads
internal import WireFormat

/// The thread that tells an Alertmanager of every alert that fires or was resolved.
///
/// Whoever has news of an alert hands it over and goes on; the thread delivers, and tries again for as long as Alertmanager
/// is down. The number of alerts that wait is bounded, and what is let go of is counted.
public final class AlertmanagerSink: Sendable {
    /// Where deliveries go, and how often.
    public struct Settings: Hashable, Sendable {
        /// The base URL.
        public var url: String

        /// The time between two deliveries of an alert.
        public var interval: Duration

        /// How long an answer is waited for.
        public var timeout: Duration

        /// Creates settings.
        public init(url: String, interval: Duration = .seconds(60), timeout: Duration = .seconds(10)) {
            self.url = url
            self.interval = interval
            self.timeout = timeout
        }
    }

    /// How deliveries go.
    public struct Reading: Hashable, Sendable {
        /// Why the last delivery failed, `nil` where it did not.
        public var failure: String?

        /// How many deliveries have failed since the daemon started.
        public var failureCount = 0

        /// How many alerts were let go of because there were too many.
        public var droppedCount = 0
    }

    /// The settings.
    public let settings: Settings

    private struct State: Sendable {
        var book: DeliveryBook
        var failure: String?
        var failureCount = 0
        var isStopping = false
    }

    private enum Turn: Sendable {
        case deliver([DeliveryBook.Entry])
        case stop
    }

    private let state: Awaited<State>
    private let client: AlertmanagerClient?
    private let thread: NamedThread

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - settings: Where deliveries go.
    ///   - clock: Tells the time.
    ///   - report: Called when deliveries begin to fail, with the reason, and when they go well again, with `nil`.
    /// - Throws: ``SystemError`` where there are no more threads.
    public init(
        settings: Settings,
        clock: @escaping @Sendable () -> Moment,
        report: @escaping @Sendable (String?) -> Void
    ) throws(SystemError) {
        let state = Awaited(State(book: DeliveryBook(interval: settings.interval)))
        let client = AlertmanagerClient(url: settings.url, timeout: settings.timeout)
        self.settings = settings
        self.state = state
        self.client = client
        self.thread = try NamedThread(name: "alertmanager") {
            while case .deliver(let entries) = Self.nextTurn(of: state, clock: clock) {
                let message = AlertmanagerMessage(entries, interval: settings.interval, time: clock().time)
                var failure: String?
                do throws(DeliveryError) {
                    guard let client else { throw DeliveryError(reason: "\(settings.url) is no URL") }
                    try client.post(message.json.encoded())
                } catch {
                    failure = error.reason
                }
                let now = clock().uptime
                let isNews = state.update { state in
                    defer { state.failure = failure }
                    if failure == nil {
                        state.book.confirm(entries, now: now)
                    } else {
                        state.failureCount += 1
                        state.book.postpone(now: now)
                    }
                    return (state.failure == nil) != (failure == nil) && !state.isStopping
                }
                if isNews {
                    report(failure)
                }
            }
        }
    }

    /// How deliveries go.
    public var reading: Reading {
        self.state.read { state in
            Reading(failure: state.failure, failureCount: state.failureCount, droppedCount: state.book.droppedCount)
        }
    }

    /// Hands over news of an alert.
    ///
    /// - Parameters:
    ///   - alert: The alert.
    ///   - isTurn: Whether it is to be delivered at once.
    ///   - now: The time.
    public func note(_ alert: Alert, isTurn: Bool, now: Moment) {
        self.state.update { $0.book.note(alert, isTurn: isTurn, now: now) }
    }

    /// Gives up what is under way, ends the thread, and waits for it.
    public func stop() {
        self.state.update { $0.isStopping = true }
        self.client?.cancel()
        self.thread.join()
    }

    /// Waits until there is something to deliver, or the end.
    private static func nextTurn(of state: Awaited<State>, clock: @Sendable () -> Moment) -> Turn {
        while true {
            let now = clock().uptime
            let wait = state.read { $0.book.nextDue }.map { max(.zero, $0 - now) } ?? .seconds(60)
            let turn = state.take(timeout: min(wait, .seconds(60))) { state -> Turn? in
                guard !state.isStopping else { return .stop }
                let due = state.book.due(now: clock().uptime)
                return due.isEmpty ? nil : .deliver(due)
            }
            if let turn { return turn }
        }
    }
}
