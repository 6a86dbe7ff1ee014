internal import WireFormat
internal import ZeroMQ

/// The latest message of every topic, for subscribers who come late.
struct LastValueCache {
    private enum Value {
        case composed([Frame])
        case numbered(NumberedMatrix)
    }

    private var values: [String: Value] = [:]

    /// Keeps a message in place of the last one of its topic.
    mutating func store(_ message: ComposedMessage) {
        self.values[message.topic] = .composed(message.frames)
    }

    /// Keeps a matrix that nobody has wanted in place of the last message of its topic.
    mutating func store(_ matrix: NumberedMatrix) {
        self.values[matrix.topic.description] = .numbered(matrix)
    }

    /// The latest message of a topic, `nil` where there is none.
    mutating func message(topic: String) -> [Frame]? {
        switch self.values[topic] {
        case .composed(let frames)?:
            return frames
        case .numbered(let matrix)?:
            let message = matrix.composed()
            self.store(message)
            return message.frames
        case nil:
            return nil
        }
    }

    /// The topics that begin with a prefix.
    func topics(prefix: [UInt8]) -> [String] {
        self.values.keys.filter { $0.utf8.starts(with: prefix) }
    }

    /// Forgets a topic.
    mutating func remove(topic: String) {
        self.values[topic] = nil
    }

    /// Forgets the topics that begin with a prefix.
    mutating func remove(prefix: String) {
        self.values = self.values.filter { !$0.key.hasPrefix(prefix) }
    }
}
