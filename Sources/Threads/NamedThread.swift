internal import CPlatform
internal import Glibc

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

    /// Where the thread stands, shared with it.
    private let life: Awaited<ThreadLife>

    /// Starts a thread.
    ///
    /// - Parameters:
    ///   - name: What `top`, `ps` and debuggers show.
    ///   - body: The thread's whole life. What it captures moves to the new thread, so it may own values that are not
    ///     `Sendable`.
    /// - Throws: ``SystemError`` where the system has no thread left to give.
    public init(name: String, body: sending @escaping () -> Void) throws(SystemError) {
        let life = Awaited(ThreadLife())
        let start = unsafe Unmanaged.passRetained(ThreadStart(name: name, body: body, life: life))
        var handle = pthread_t()
        // SAFETY: the new thread takes over the retained `start`; where there is none, it is released here.
        let code = unsafe pthread_create(&handle, nil, { unsafe runThread($0) }, start.toOpaque())
        guard code == 0 else {
            unsafe start.release()
            throw SystemError(operation: .startThread, code: code)
        }
        // Its end is seen in `life`, by any number of callers, where the system's own join serves only one.
        pthread_detach(handle)
        self.name = name
        self.life = life
    }

    /// Waits until the closure has returned and everything it captured is released.
    ///
    /// May be called from several threads and more than once: every call returns after the thread's end.
    ///
    /// - Precondition: The caller is another thread.
    public func join() {
        self.life.take { life in
            precondition(life.runningThread != pthread_self(), "A thread cannot wait for its own end")
            return life.isOver ? () : nil
        }
    }
}

/// Where a thread stands in its life.
private struct ThreadLife {
    /// The thread while its closure runs.
    var runningThread: pthread_t?

    /// Whether the closure has returned and is released.
    var isOver = false
}

/// What a new thread needs, passed to it through C.
private final class ThreadStart {
    let name: String
    var body: (() -> Void)?
    let life: Awaited<ThreadLife>

    init(name: String, body: @escaping () -> Void, life: Awaited<ThreadLife>) {
        self.name = name
        self.body = body
        self.life = life
    }
}

/// The entry of every named thread.
private func runThread(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let argument = unsafe argument {
        // SAFETY: `NamedThread.init` retained this object for the one thread that gets it.
        let start = unsafe Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue()
        _ = unsafe start.name.visiblePrefix.withCString { unsafe platform_set_thread_name($0) }
        start.life.update { $0.runningThread = pthread_self() }
        start.body?()
        // Whoever waits for the end relies on what the closure captured being gone.
        start.body = nil
        start.life.update { $0 = ThreadLife(runningThread: nil, isOver: true) }
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
