public import Monitoring
public import ZeroMQ

/// A message as the receiving thread hands it over.
public struct IncomingMessage: Sendable {
    /// Where it came from.
    public let source: SourceID

    /// The topic: the first frame.
    public let topic: Frame

    /// The header: the second frame, `nil` where the message has none.
    public let header: Frame?

    /// The length of each further frame.
    public let tensorByteCounts: [Int]

    /// The further frames, whose bytes are reserved in the memory budget; `nil` where there was no
    /// room for them and they were let go of.
    public let tensors: [Frame]?

    /// The bytes of the topic and the header.
    public var headerByteCount: Int {
        self.topic.byteCount + (self.header?.byteCount ?? 0)
    }

    /// The bytes that are reserved for the tensors.
    public var heldByteCount: Int {
        self.tensors == nil ? 0 : self.tensorByteCounts.reduce(0, +)
    }

    /// Sorts a message's frames, and reserves memory for its tensors.
    ///
    /// - Precondition: There is at least one frame.
    init(frames: [Frame], source: SourceID, memory: MemoryBudget) {
        self.source = source
        self.topic = frames[0]
        self.header = frames.count > 1 ? frames[1] : nil
        let tensors = frames.dropFirst(2)
        self.tensorByteCounts = tensors.map(\.byteCount)
        let byteCount = self.tensorByteCounts.reduce(0, +)
        // A run of large messages leaves room for one of small messages, which it would otherwise keep out for good.
        let rest = memory.limit / 16
        self.tensors = memory.reserve(byteCount, leaving: byteCount > rest ? rest : 0) ? Array(tensors) : nil
    }
}
