/// What a message may be at most.
public struct WireLimits: Hashable, Sendable {
    /// The bytes of a header.
    public var headerBytes = 1 << 20

    /// The layers of a batch, and so its parts too.
    public var layers = 4096

    /// The examples of a batch.
    public var examples = 4096

    /// The bytes of one tensor, and of all frames of a message together.
    public var messageBytes = 1 << 30

    /// Creates the limits that hold where nothing else is set.
    public init() {}

    /// Creates limits.
    public init(headerBytes: Int = 1 << 20, layers: Int, examples: Int, messageBytes: Int) {
        self.headerBytes = headerBytes
        self.layers = layers
        self.examples = examples
        self.messageBytes = messageBytes
    }

    /// Checks that the frames of a message are not too long together.
    ///
    /// - Throws: A rejection as too large.
    func requireRoom(for frameSizes: [Int]) throws(Rejection) {
        var room = self.messageBytes
        for size in frameSizes {
            guard size <= room else {
                throw .tooLarge("the frames are over limits.message, which is \(self.messageBytes) bytes")
            }
            room -= size
        }
    }
}
