internal import Alerting
internal import Monitoring
internal import Threads

/// The thread that keeps the alerts.
///
/// To look for blocks in a thousand layers takes tens of milliseconds: here it delays nobody. Whoever has news hands it over
/// and goes on.
final class AlertKeeper: Sendable {
    private let inbox = Awaited(AlertInbox())
    private let thread: NamedThread

    /// Starts the thread.
    ///
    /// - Parameter state: The state, confined to the thread from now on.
    /// - Throws: ``SystemError`` where there are no more threads.
    init(state: sending AlertKeeperState) throws(SystemError) {
        let inbox = self.inbox
        self.thread = try NamedThread(name: "alerts") {
            var state = state
            state.run(inbox: inbox)
        }
    }

    /// How much news was dropped because it came faster than it could be looked at.
    var droppedCount: Int {
        self.inbox.read { $0.droppedCount }
    }

    /// Hands over news.
    func take(_ news: AlertInbox.News) {
        self.inbox.update { $0.append(news) }
    }

    /// Asks the thread for something, and waits for the answer.
    ///
    /// - Returns: The answer, `nil` where the daemon is stopping.
    func ask<Answer: Sendable>(_ body: @escaping @Sendable (inout AlertKeeperState) -> Answer) -> Answer? {
        let answer = Mailbox<Answer>(capacity: 1)
        let isAccepted = self.inbox.update { inbox in
            inbox.append { state in _ = answer.push(body(&state)) }
        }
        return isAccepted ? answer.pop(timeout: .seconds(10)) : nil
    }

    /// Ends the thread, saves the alerts, and waits for both.
    func stop() {
        self.inbox.update { $0.close() }
        self.thread.join()
    }
}
