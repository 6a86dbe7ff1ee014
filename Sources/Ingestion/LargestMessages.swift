/// The longest message of each connection so far: what libzmq may hold of its next one before anybody sees it.
///
/// libzmq's queues count messages, not bytes, and what is not yet complete is in no queue. With a high-water mark of one
/// there is at most one message of a connection: the one that is coming in, or one that waits and is complete.
struct LargestMessages {
    private var byteCounts: [Int32: Int] = [:]

    /// The bytes of one such message from each connection.
    private(set) var total = 0

    /// The longest of them.
    private(set) var largest = 0

    /// Notes a message that came over a connection.
    mutating func note(_ byteCount: Int, connection: Int32) {
        let known = self.byteCounts[connection, default: 0]
        guard byteCount > known else { return }
        self.byteCounts[connection] = byteCount
        self.total += byteCount - known
        self.largest = max(self.largest, byteCount)
    }

    /// Notes that a connection has ended.
    mutating func forget(connection: Int32) {
        guard let byteCount = self.byteCounts.removeValue(forKey: connection) else { return }
        self.total -= byteCount
        self.largest = self.byteCounts.values.max() ?? 0
    }

    /// The bytes to set aside for the next message of each connection, within a limit for everything.
    ///
    /// Never so much that the longest message and what is computed of it find no room: a daemon that is heard by more
    /// connections than its memory is for goes on, and may take more than the limit.
    ///
    /// - Parameters:
    ///   - limit: The limit.
    ///   - total: The bytes of one message from each connection.
    ///   - largest: The longest of them.
    /// - Returns: How many bytes to ask for.
    static func share(of limit: Int, total: Int, largest: Int) -> Int {
        max(0, min(total, limit - 2 * largest))
    }
}
