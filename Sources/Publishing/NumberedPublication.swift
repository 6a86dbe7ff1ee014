public import WireFormat

/// Something to publish on a topic whose numbers somebody else gives.
///
/// One that is dropped on the way leaves a gap, which subscribers see.
public struct NumberedPublication: Hashable, Sendable {
    /// The topic.
    public let topic: Topic

    /// The number among the messages of the topic, from 0.
    public let seq: Int

    /// The header, without the envelope.
    public let body: JSONObject

    /// Creates a publication.
    public init(topic: Topic, seq: Int, body: JSONObject) {
        self.topic = topic
        self.seq = seq
        self.body = body
    }
}
