internal import Computation
internal import Ingestion
internal import Monitoring

/// What waits for the coordinator, in order.
///
/// Only messages are bounded: results are as many as batches are in memory, and requests as many as
/// people who wait for an answer.
struct Inbox: Sendable {
    /// Something for the coordinator to do.
    enum Item: Sendable {
        case message(IncomingMessage)
        case result(BatchID, GramEngine.BatchResult)
        case request(@Sendable (inout CoordinatorCore) -> Void)
    }

    /// The number of messages that may wait.
    static let messageCapacity = 256

    /// Whether the coordinator is to end once everything that waits is done.
    var isClosed = false

    private var items: [Item] = []
    private var messageCount = 0

    /// Appends a message.
    ///
    /// - Returns: Whether there was room.
    mutating func append(_ message: IncomingMessage) -> Bool {
        guard self.messageCount < Self.messageCapacity, !self.isClosed else { return false }
        self.messageCount += 1
        self.items.append(.message(message))
        return true
    }

    /// Appends a result.
    mutating func append(_ batch: BatchID, _ result: GramEngine.BatchResult) {
        self.items.append(.result(batch, result))
    }

    /// Appends a request.
    ///
    /// - Returns: Whether it will be answered.
    mutating func append(_ request: @escaping @Sendable (inout CoordinatorCore) -> Void) -> Bool {
        guard !self.isClosed else { return false }
        self.items.append(.request(request))
        return true
    }

    /// Takes everything that waits; `nil` where nothing does and more may come.
    mutating func takeAll() -> [Item]? {
        guard !self.items.isEmpty || self.isClosed else { return nil }
        defer {
            self.items = []
            self.messageCount = 0
        }
        return self.items
    }
}
