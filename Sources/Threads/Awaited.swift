/// A value behind a lock on which threads can wait until it allows them to go on.
///
/// Where a ``Mailbox`` hands over elements first in, first out, this lets the state itself decide
/// who goes on with what: a scheduler, for example.
public final class Awaited<Value: Sendable>: @unchecked Sendable /* `value` is touched only while `lock` is held */ {
    private let lock = ConditionLock()
    private var value: Value

    /// Creates the state.
    public init(_ value: Value) {
        self.value = value
    }

    /// Calls a closure with the state, and wakes the threads that wait so that they look again.
    public func update<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // After the lock is given back: a thread that wakes while it is held goes to sleep again, to wait for it.
        defer { self.lock.wakeAll() }
        return try self.updateQuietly(body)
    }

    /// Calls a closure with the state, and wakes one of the threads that wait where a condition holds afterwards: for
    /// threads that all wait for the same.
    public func update<Result, Failure: Error>(
        wakingOneIf condition: (inout Value) -> Bool,
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var isOneWoken = false
        // After the lock is given back, as above.
        defer {
            if isOneWoken { self.lock.wakeOne() }
        }
        return try self.updateQuietly { value throws(Failure) in
            defer { isOneWoken = condition(&value) }
            return try body(&value)
        }
    }

    /// Calls a closure with the state, and wakes nobody: for changes that let no thread go on.
    public func updateQuietly<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try self.lock.withLock { () throws(Failure) -> Result in
            try body(&self.value)
        }
    }

    /// Calls a closure with the state, for reading, and wakes nobody.
    public func read<Result, Failure: Error>(
        _ body: (borrowing Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try self.lock.withLock { () throws(Failure) -> Result in
            try body(self.value)
        }
    }

    /// Waits until a closure takes something out of the state.
    ///
    /// - Parameters:
    ///   - timeout: How long to wait, on the monotonic clock, or `nil` to wait for as long as it takes.
    ///   - condition: Where it holds afterwards, one of the other threads that wait is woken.
    ///   - body: Looks at the state, and returns `nil` to wait for the next update that wakes.
    /// - Returns: What the closure returned, `nil` where the time is over.
    public func take<Result>(
        timeout: Duration? = nil,
        wakingOneIf condition: (inout Value) -> Bool = { _ in false },
        _ body: (inout Value) -> Result?
    ) -> Result? {
        let deadline = timeout.map(MonotonicDeadline.init(after:))
        var isOneWoken = false
        defer {
            if isOneWoken { self.lock.wakeOne() }
        }
        return self.lock.withLock {
            defer { isOneWoken = condition(&self.value) }
            while true {
                if let result = body(&self.value) {
                    return result
                }
                guard self.lock.wait(until: deadline) else {
                    // The state may have changed between the deadline and the return of the lock.
                    return body(&self.value)
                }
            }
        }
    }
}
