internal import ZeroMQ

/// The latest message of every topic, for subscribers who come late.
struct LastValueCache {
    private var messages: [String: [Frame]] = [:]

    /// Keeps a message in place of the last one of its topic.
    mutating func store(_ message: ComposedMessage) {
        self.messages[message.topic] = message.frames
    }

    /// The latest message of a topic, `nil` where there is none.
    func message(topic: String) -> [Frame]? {
        self.messages[topic]
    }

    /// The topics that begin with a prefix.
    func topics(prefix: [UInt8]) -> [String] {
        self.messages.keys.filter { $0.utf8.starts(with: prefix) }
    }

    /// Forgets a topic.
    mutating func remove(topic: String) {
        self.messages[topic] = nil
    }

    /// Forgets the topics that begin with a prefix.
    mutating func remove(prefix: String) {
        self.messages = self.messages.filter { !$0.key.hasPrefix(prefix) }
    }
}
