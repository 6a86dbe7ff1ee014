internal import ZeroMQ

/// The latest message of every topic, for subscribers who come late.
struct LastValueCache {
    private var messages: [String: [Frame]] = [:]

    /// The bytes that the messages hold.
    private(set) var byteCount = 0

    /// Keeps a message in place of the last one of its topic.
    mutating func store(_ frames: [Frame], topic: String) {
        self.remove(topic: topic)
        self.messages[topic] = frames
        self.byteCount += frames.byteCount
    }

    /// The latest messages whose topic begins with a prefix, in the order of their topics.
    func messages(prefix: [UInt8]) -> [[Frame]] {
        self.messages.filter { $0.key.utf8.starts(with: prefix) }.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Forgets the topics that fit a condition.
    mutating func remove(where condition: (String) -> Bool) {
        for topic in self.messages.keys.filter(condition) {
            self.remove(topic: topic)
        }
    }

    private mutating func remove(topic: String) {
        self.byteCount -= self.messages.removeValue(forKey: topic)?.byteCount ?? 0
    }
}

extension [Frame] {
    fileprivate var byteCount: Int {
        self.reduce(0) { $0 + $1.byteCount }
    }
}
