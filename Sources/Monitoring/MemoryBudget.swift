internal import Synchronization

/// The bytes that all parts of the daemon may hold together: messages that wait, Grams, sums.
///
/// Whoever wants to keep something asks first; what is not granted is not kept. The budget counts
/// what was granted, so a forgotten release shows up in `livecka status` and not as an out-of-memory
/// kill in the middle of the night.
public final class MemoryBudget: Sendable {
    private struct State {
        var limit: Int
        var used = 0
    }

    private let state: Mutex<State>

    /// Creates a budget.
    ///
    /// - Parameter limit: The number of bytes that may be held at one time.
    public init(limit: Int) {
        self.state = Mutex(State(limit: limit))
    }

    /// The number of bytes that may be held at one time.
    ///
    /// A limit that is lowered takes nothing away: it only refuses new reservations.
    public var limit: Int {
        get { self.state.withLock { $0.limit } }
        set { self.state.withLock { $0.limit = newValue } }
    }

    /// The number of bytes that are held.
    public var used: Int {
        self.state.withLock { $0.used }
    }

    /// Takes bytes out of the budget, all of them or none.
    ///
    /// - Parameter byteCount: The number of bytes, zero or more.
    /// - Returns: Whether the bytes were granted.
    public func reserve(_ byteCount: Int) -> Bool {
        precondition(byteCount >= 0, "Cannot reserve \(byteCount) bytes")
        return self.state.withLock { state in
            let (sum, overflow) = state.used.addingReportingOverflow(byteCount)
            guard !overflow, sum <= state.limit else { return false }
            state.used = sum
            return true
        }
    }

    /// Gives bytes back.
    ///
    /// - Parameter byteCount: The number of bytes, which must have been reserved.
    public func release(_ byteCount: Int) {
        self.state.withLock { state in
            precondition(
                byteCount >= 0 && byteCount <= state.used,
                "Cannot release \(byteCount) of \(state.used) bytes"
            )
            state.used -= byteCount
        }
    }
}
