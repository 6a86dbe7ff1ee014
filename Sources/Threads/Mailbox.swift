/// A bounded queue that hands elements from threads that must not wait to threads that may.
///
/// `push` never waits: a full mailbox refuses, and counts the refusal. `pop` waits. Elements come out in the order in
/// which they went in, each exactly once, for any number of threads on either side.
///
/// A consumer that sits in a poll loop cannot block in `pop`. It gives the mailbox a ``WakeUp``, polls the descriptor
/// of that, and on a signal calls ``WakeUp/drain()`` first and ``drain()`` second.
///
/// Closing ends the conversation without losing anything: later pushes are refused, what is already inside still comes
/// out, and after the last element every `pop` returns `nil` at once. So a worker's whole loop is
///
///     while let job = mailbox.pop() { … }
public final class Mailbox<Element: Sendable>: @unchecked Sendable /* `storage` is touched only while `lock` is held */
{
    /// How many elements may wait at once.
    public let capacity: Int

    private let lock = ConditionLock()
    private var storage: Storage
    private let wakeUp: WakeUp?

    private struct Storage {
        var elements: RingBuffer<Element>
        var refusalCount = 0
        var isClosed = false
    }

    /// Creates an empty, open mailbox.
    ///
    /// - Parameters:
    ///   - capacity: How many elements may wait. Their places are allocated at once.
    ///   - wakeUp: Signalled after every accepted push and on closing.
    /// - Precondition: `capacity > 0`.
    public init(capacity: Int, wakeUp: WakeUp? = nil) {
        precondition(capacity > 0, "A mailbox needs room for an element, got a capacity of \(capacity)")
        self.capacity = capacity
        self.storage = Storage(elements: RingBuffer(capacity: capacity))
        self.wakeUp = wakeUp
    }

    /// Adds an element, without waiting.
    ///
    /// - Returns: `false` where the mailbox was full or closed: the element was not taken and the refusal was counted.
    /// - Complexity: O(1).
    public func push(_ element: Element) -> Bool {
        let isAccepted = self.lock.withLock {
            guard !self.storage.isClosed, self.storage.elements.append(element) else {
                self.storage.refusalCount += 1
                return false
            }
            return true
        }
        if isAccepted {
            // After the lock is given back: a thread that wakes while it is held goes to sleep again, to wait for it.
            self.lock.wakeOne()
            self.wakeUp?.signal()
        }
        return isAccepted
    }

    /// Removes the oldest element, waiting for one where there is none.
    ///
    /// - Parameter timeout: How long to wait, on the monotonic clock; `.zero` only looks, `nil` waits for as long as it
    ///   takes.
    /// - Returns: The element, or `nil` where the time is over or the mailbox is closed and empty.
    public func pop(timeout: Duration? = nil) -> Element? {
        let deadline = timeout.map(MonotonicDeadline.init(after:))
        return self.lock.withLock {
            while self.storage.elements.count == 0 && !self.storage.isClosed {
                guard self.lock.wait(until: deadline) else { break }
            }
            return self.storage.elements.popFirst()
        }
    }

    /// Removes all elements at once, oldest first, without waiting.
    ///
    /// - Complexity: O(*count*).
    public func drain() -> [Element] {
        self.lock.withLock {
            var elements: [Element] = []
            elements.reserveCapacity(self.storage.elements.count)
            while let element = self.storage.elements.popFirst() {
                elements.append(element)
            }
            return elements
        }
    }

    /// Refuses every later push and wakes every waiting thread.
    ///
    /// What is inside can still be taken out. Closing again changes nothing.
    public func close() {
        self.lock.withLock {
            self.storage.isClosed = true
        }
        self.lock.wakeAll()
        self.wakeUp?.signal()
    }

    /// Whether the mailbox refuses pushes for good.
    public var isClosed: Bool {
        self.lock.withLock { self.storage.isClosed }
    }

    /// How many elements wait.
    public var count: Int {
        self.lock.withLock { self.storage.elements.count }
    }

    /// How many pushes were refused, because the mailbox was full or closed.
    public var refusalCount: Int {
        self.lock.withLock { self.storage.refusalCount }
    }
}
