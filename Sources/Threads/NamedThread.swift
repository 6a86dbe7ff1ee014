internal import CPlatform
internal import Glibc
internal import Synchronization

/// A thread of the operating system that runs one closure and carries a name.
///
/// For work that blocks, such as a ZeroMQ socket's loop, and for arithmetic that would starve the cooperative pool.
///
/// Teardown: tell the closure to return (close its ``Mailbox``, shut its context down), then call ``join()``. After
/// that nothing of the closure is alive: what it captured was released on its own thread. A thread that is never
/// joined is not cut short: it runs to its end, even after the last reference to this object has gone.
public final class NamedThread: Sendable {
    /// The name, of which the operating system shows the first 15 bytes.
    public let name: String

    /// The thread's handle until somebody has joined it.
    private let handle: Mutex<pthread_t?>

    /// Starts a thread.
    ///
    /// - Parameters:
    ///   - name: What `top`, `ps` and debuggers show.
    ///   - body: The thread's whole life. What it captures moves to the new thread, so it may own values that are not
    ///     `Sendable`.
    /// - Throws: ``SystemError`` where the system has no thread left to give.
    public init(name: String, body: sending @escaping () -> Void) throws(SystemError) {
        self.name = name
        let start = unsafe Unmanaged.passRetained(ThreadStart(name: name, body: body))
        var handle = pthread_t()
        // SAFETY: the new thread takes over the retained `start`; where there is none, it is released here.
        let code = unsafe pthread_create(&handle, nil, { unsafe runThread($0) }, start.toOpaque())
        guard code == 0 else {
            unsafe start.release()
            throw SystemError(operation: .startThread, code: code)
        }
        self.handle = Mutex(handle)
    }

    deinit {
        self.handle.withLock { handle in
            if let handle {
                pthread_detach(handle)
            }
        }
    }

    /// Waits until the closure has returned and everything it captured is released.
    ///
    /// May be called from several threads and more than once: every call returns after the thread's end.
    ///
    /// - Precondition: The caller is another thread.
    public func join() {
        // A second caller waits for the lock until the first one has seen the thread end.
        self.handle.withLock { handle in
            guard let joined = handle else { return }
            let code = pthread_join(joined, nil)
            precondition(code == 0, "A thread cannot wait for its own end")
            handle = nil
        }
    }
}

/// What a new thread needs, passed to it through C.
private final class ThreadStart {
    let name: String
    let body: () -> Void

    init(name: String, body: @escaping () -> Void) {
        self.name = name
        self.body = body
    }
}

/// The entry of every named thread.
private func runThread(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let argument = unsafe argument {
        // SAFETY: `NamedThread.init` retained this object for the one thread that gets it.
        let start = unsafe Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue()
        _ = unsafe start.name.visiblePrefix.withCString { unsafe platform_set_thread_name($0) }
        start.body()
    }
    return nil
}

extension String {
    /// The longest prefix of whole characters that the kernel takes as a thread's name.
    fileprivate var visiblePrefix: String {
        var prefix = Substring(self)
        while prefix.utf8.count > 15 {
            prefix.removeLast()
        }
        return String(prefix)
    }
}
