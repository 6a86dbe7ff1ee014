/// A message from an emitter.
public struct EmitterMessage: Sendable {
    /// What a message can be.
    public enum Content: Sendable {
        case batch(BatchHeader)
        case hello(Hello)
        case alive(Alive)
        case bye(Bye)
        case rejected(Rejection)
    }

    /// The run that the topic names; `nil` where the topic is not `livecka/1/<run>/`.
    public let run: RunID?

    /// What the message says.
    public let content: Content

    /// Creates a message.
    public init(run: RunID?, content: Content) {
        self.run = run
        self.content = content
    }
}
