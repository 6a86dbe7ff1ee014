internal import Synchronization

/// The bytes that all parts of the daemon may hold together: messages that come in or wait, Grams, sums, scratch.
///
/// Whoever wants to keep something asks first; what is not granted is not kept. The budget counts
/// what was granted, so a forgotten release shows up in `livecka status` and not as an out-of-memory
/// kill in the middle of the night.
public final class MemoryBudget: Sendable {
    /// What takes memory without being a batch's, and leaves less of it to be reserved.
    public enum Purpose: String, CaseIterable, Sendable {
        /// Messages that connections may be sending: libzmq holds them before the daemon sees them.
        case connections
        /// The workers' scratch memory between their jobs.
        case scratch

        /// The most that may be set aside, of a limit: something must be left for batches.
        fileprivate func largestShare(of limit: Int) -> Int {
            switch self {
            case .connections: limit / 2
            case .scratch: limit / 8
            }
        }
    }

    private struct State {
        var limit: Int
        var used = 0
        var setAside: [Purpose: Int] = [:]

        var total: Int { self.setAside.values.reduce(self.used, +) }
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

    /// The number of bytes that are held or set aside.
    public var total: Int {
        self.state.withLock { $0.total }
    }

    /// The number of bytes that were reserved and are held.
    public var used: Int {
        self.state.withLock { $0.used }
    }

    /// Takes bytes out of the budget, all of them or none.
    ///
    /// - Parameters:
    ///   - byteCount: The number of bytes, zero or more.
    ///   - rest: How many bytes must be left for others, unless nothing is held yet.
    /// - Returns: Whether the bytes were granted.
    public func reserve(_ byteCount: Int, leaving rest: Int = 0) -> Bool {
        precondition(byteCount >= 0, "Cannot reserve \(byteCount) bytes")
        return self.state.withLock { state in
            let (sum, overflow) = state.total.addingReportingOverflow(byteCount)
            guard !overflow, sum <= state.limit - (state.used == 0 ? 0 : rest) else { return false }
            state.used += byteCount
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
    /// The number of bytes that are set aside for a purpose.
    public func setAside(for purpose: Purpose) -> Int {
        self.state.withLock { $0.setAside[purpose, default: 0] }
    }

    /// Sets bytes aside for a purpose, instead of those that the caller has set aside for it before.
    ///
    /// - Parameters:
    ///   - wanted: How many are wanted.
    ///   - held: How many this caller has set aside until now.
    ///   - purpose: What they are for.
    ///   - isDivisible: Whether fewer than are wanted are of any use.
    /// - Returns: How many are set aside now: what is wanted, or else, within the purpose's share of the limit, what there is room for, or else none.
    public func setAside(_ wanted: Int, insteadOf held: Int, for purpose: Purpose, isDivisible: Bool = true) -> Int {
        guard wanted != held else { return held }
        return self.state.withLock { state in
            let others = state.setAside[purpose, default: 0] - held
            precondition(wanted >= 0 && others >= 0, "Cannot give back more than was set aside")
            let free = min(state.limit - state.total, purpose.largestShare(of: state.limit) - others - held)
            let possible = held + max(0, free)
            let granted = wanted <= possible ? wanted : isDivisible ? possible : 0
            state.setAside[purpose] = others + granted
            return granted
        }
    }
}
