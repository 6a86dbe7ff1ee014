internal import CPlatform
internal import Glibc

/// A file descriptor that any thread can make readable, to wake a thread that waits in a poll loop.
///
/// Signals merge: however many arrive before ``drain()``, the waiting thread wakes once. So the signal carries no data;
/// what there is to do stands elsewhere, in a ``Mailbox`` for example. The waiting thread first drains the signal and
/// then looks for work: in the other order, work that arrives in between would wait for the next signal.
public final class WakeUp: Sendable {
    /// The descriptor to wait on for reading, open as long as this object lives.
    public let fileDescriptor: Int32

    /// Creates a wake-up that is not signalled.
    ///
    /// - Throws: ``SystemError`` where the process has no file descriptor left.
    public init() throws(SystemError) {
        let descriptor = platform_event_create()
        guard descriptor >= 0 else {
            throw SystemError(operation: .createWakeUp, code: errno)
        }
        self.fileDescriptor = descriptor
    }

    deinit {
        close(self.fileDescriptor)
    }

    /// Makes the descriptor readable.
    ///
    /// Safe from any thread. Never blocks.
    public func signal() {
        let status = platform_event_signal(self.fileDescriptor)
        precondition(status == 0, "An event descriptor that is open can be signalled")
    }

    /// Makes the descriptor unreadable until the next ``signal()``.
    ///
    /// Never blocks, also where nothing was signalled.
    public func drain() {
        let status = platform_event_drain(self.fileDescriptor)
        precondition(status == 0, "An event descriptor that is open can be drained")
    }
}
