internal import CZeroMQ
internal import Glibc

/// The threads and memory that a process's ZeroMQ sockets share.
///
/// Sockets find each other over `inproc://` only within one context. Every ``Socket`` retains its context, so libzmq
/// terminates the context when the last reference to it *and* the last of its sockets are gone, never earlier. That
/// last release waits until closing sockets have sent what their ``SocketOptions/linger`` grants them.
///
/// Teardown, in order: ``shutdown()`` from any thread; every thread that waits on a socket gets an error whose
/// ``ZeroMQError/isContextShutDown`` is true, lets its sockets go and returns; join those threads; let the context go.
@safe
public final class Context:
    @unchecked Sendable /* the pointer is constant, and libzmq's contexts are made for sharing */
{
    /// The libzmq context on which this module's sockets open.
    let handle: UnsafeMutableRawPointer

    /// Opens a context.
    ///
    /// - Parameters:
    ///   - ioThreadCount: How many threads move bytes. One takes 1.5 to 5 GB/s over loopback.
    ///   - maximumSocketCount: How many sockets may be open at once.
    /// - Throws: ``ZeroMQError`` where the process has too few file descriptors.
    /// - Precondition: Both counts are positive.
    public init(ioThreadCount: Int = 1, maximumSocketCount: Int = 1023) throws(ZeroMQError) {
        precondition(ioThreadCount > 0, "A context needs a thread, got \(ioThreadCount)")
        precondition(maximumSocketCount > 0, "A context needs room for a socket, got \(maximumSocketCount)")
        guard let handle = unsafe zmq_ctx_new() else {
            throw .last(.openContext)
        }
        unsafe self.handle = handle
        for (option, value) in [(ZMQ_IO_THREADS, ioThreadCount), (ZMQ_MAX_SOCKETS, maximumSocketCount)] {
            // SAFETY: the handle is open; libzmq copies the value.
            guard unsafe zmq_ctx_set(handle, option, Int32(clamping: value)) == 0 else {
                throw .last(.openContext)
            }
        }
    }

    deinit {
        // SAFETY: no socket is left, because each retains its context. A signal may interrupt the wait.
        while unsafe zmq_ctx_term(self.handle) != 0 && zmq_errno() == EINTR {}
    }

    /// Makes every blocking call on this context's sockets fail, now and from now on.
    ///
    /// Safe from any thread. Never blocks.
    public func shutdown() {
        // SAFETY: the handle is open until `deinit`. The call cannot fail on an open context.
        unsafe zmq_ctx_shutdown(self.handle)
    }
}
