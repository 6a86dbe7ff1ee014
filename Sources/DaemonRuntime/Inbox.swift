internal import Computation
internal import DequeModule
internal import Ingestion
internal import Monitoring

/// What waits for the coordinator, in order.
///
/// Only messages are bounded, in number and in the bytes of their headers, which no budget pays for: results are as many as batches are in memory, and questions as many as
/// people who wait for an answer. Questions go before everything else, so that a daemon under load
/// still tells how it is.
struct Inbox: Sendable {
    /// Something to be done with the coordinator's state.
    typealias Request = @Sendable (inout CoordinatorCore) -> Void

    /// Something for the coordinator to do.
    enum Item: Sendable {
        case message(IncomingMessage)
        case result(BatchID, GramEngine.BatchResult)
        case request(Request)
    }

    /// What the coordinator does next.
    enum Turn: Sendable {
        case items([Item])
        case stop
    }

    /// The number of messages that may wait.
    static let messageCapacity = 256

    /// The bytes of headers behind which no message is appended.
    static let headerByteCapacity = 16 << 20

    /// How many items are done before questions and the clock have their turn.
    private static let turnCount = 8

    private var isClosed = false
    private var questions: [Request] = []
    private var items: Deque<Item> = []
    private var messageCount = 0
    private var headerByteCount = 0

    /// Appends a message.
    ///
    /// - Returns: Whether there was room.
    mutating func append(_ message: IncomingMessage) -> Bool {
        guard self.messageCount < Self.messageCapacity, self.headerByteCount < Self.headerByteCapacity, !self.isClosed
        else { return false }
        self.messageCount += 1
        self.headerByteCount += message.headerByteCount
        self.items.append(.message(message))
        return true
    }

    /// Appends a result.
    mutating func append(_ batch: BatchID, _ result: GramEngine.BatchResult) {
        self.items.append(.result(batch, result))
    }

    /// Appends a request, behind everything that came before it where its order matters.
    ///
    /// - Returns: Whether it will be answered.
    mutating func append(_ request: @escaping Request, inOrder: Bool) -> Bool {
        guard !self.isClosed else { return false }
        if inOrder {
            self.items.append(.request(request))
        } else {
            self.questions.append(request)
        }
        return true
    }

    /// Takes nothing more, and lets go of what waits.
    mutating func close() {
        self.isClosed = true
        self.items = []
        self.questions = []
    }

    /// Takes what is to be done next; `nil` where nothing is and more may come.
    mutating func takeTurn() -> Turn? {
        guard !self.isClosed else { return .stop }
        guard !self.items.isEmpty || !self.questions.isEmpty else { return nil }
        var turn = self.questions.map(Item.request)
        self.questions = []
        for _ in 0..<Self.turnCount {
            guard let item = self.items.popFirst() else { break }
            if case .message(let message) = item {
                self.messageCount -= 1
                self.headerByteCount -= message.headerByteCount
            }
            turn.append(item)
        }
        return .items(turn)
    }
}
