/// An emitter's greeting, sent again whenever a subscription arrives.
public struct Hello: Hashable, Sendable {
    /// The run.
    public let run: RunID

    /// The names of the layers that will come, in order.
    public let layers: [String]?

    /// Whatever the emitter says of its model, framework and data.
    public let meta: JSONValue?

    /// The name and version of the client.
    public let client: String?

    /// How many seconds pass at most between two signs of life.
    public let heartbeat: Double?

    /// The emitter's process.
    public let session: SessionID?

    /// Creates a greeting.
    public init(
        run: RunID,
        layers: [String]? = nil,
        meta: JSONValue? = nil,
        client: String? = nil,
        heartbeat: Double? = nil,
        session: SessionID? = nil
    ) {
        self.run = run
        self.layers = layers
        self.meta = meta
        self.client = client
        self.heartbeat = heartbeat
        self.session = session
    }
}
