internal import Computation
internal import Ingestion
internal import Monitoring
internal import Threads
internal import WireFormat

/// The thread that owns the monitor.
///
/// Everything that changes a run passes through its inbox: messages from the receiver, results from
/// the workers, requests from the control socket. So the account of a run is exact at any moment
/// that somebody can look at it, and no lock is held while anything is computed.
final class Coordinator: Sendable {
    private let inbox: Awaited<Inbox>
    private let thread: NamedThread

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - inbox: Where everything comes in.
    ///   - core: The state, confined to the thread from now on.
    /// - Throws: ``SystemError`` where there are no more threads.
    init(inbox: Awaited<Inbox>, core: sending CoordinatorCore) throws(SystemError) {
        self.inbox = inbox
        self.thread = try NamedThread(name: "coordinator") {
            var core = core
            core.run(inbox: inbox)
        }
    }

    /// Asks the thread for something, and waits for the answer.
    ///
    /// - Parameters:
    ///   - inOrder: Whether everything that came before is to be done first.
    ///   - body: Looks at the state, or changes it.
    /// - Returns: The answer, `nil` where the daemon is stopping.
    func ask<Answer: Sendable>(
        inOrder: Bool = false,
        _ body: @escaping @Sendable (inout CoordinatorCore) -> Answer
    ) -> Answer? {
        let answer = Mailbox<Answer>(capacity: 1)
        let isAccepted = self.inbox.update { inbox in
            inbox.append({ core in _ = answer.push(body(&core)) }, inOrder: inOrder)
        }
        return isAccepted ? answer.pop(timeout: .seconds(10)) : nil
    }

    /// Ends the thread after what it is at, and waits for it.
    ///
    /// What waits is let go of: the daemon is about to end, and nothing of it would be seen.
    func stop() {
        self.inbox.update { $0.close() }
        self.thread.join()
    }
}
