internal import Glibc
public import Monitoring
internal import Similarity
public import WireFormat
internal import ZeroMQ

/// A message ready to be sent.
struct ComposedMessage {
    /// The topic.
    let topic: String

    /// All frames, the topic first.
    let frames: [Frame]
}

/// A matrix that has its number and its time, and is written when somebody wants it.
struct NumberedMatrix {
    /// What is to be written.
    let reading: WindowReading

    /// The topic.
    let topic: Topic

    fileprivate let envelope: Envelope

    /// The header, and CKA and its standard error as Float64, row by row.
    ///
    /// - Complexity: O(*g* *L*²) for *g* groups and *L* layers.
    func composed() -> ComposedMessage {
        let matrix = self.reading.sums.matrix()
        let body = MatrixHeader(self.reading).json(for: matrix)
        return ComposedMessage(
            self.topic,
            self.envelope,
            body,
            frames: [Frame(matrix.values), Frame(matrix.standardErrors)]
        )
    }
}

/// Writes messages, and numbers them by topic.
struct MessageComposer {
    private let epoch: Int
    private let topicCapacity: Int
    private var next: [Topic: Int] = [:]

    /// The number that a topic begins with.
    private var first = 0

    /// Creates a composer that has written nothing.
    ///
    /// - Parameters:
    ///   - epoch: A number that no earlier start of the daemon has used.
    ///   - topicCapacity: How many topics' numbers are remembered. Beyond it all are forgotten, and every topic goes
    ///     on from the highest of them: receivers skip what they have seen, so no number may come twice.
    init(epoch: Int, topicCapacity: Int = 65_536) {
        self.epoch = epoch
        self.topicCapacity = topicCapacity
    }

    /// The matrix of a window, numbered now.
    mutating func number(_ reading: WindowReading) -> NumberedMatrix {
        let topic = Topic.matrix(run: reading.run, window: reading.window.name)
        return NumberedMatrix(reading: reading, topic: topic, envelope: self.nextEnvelope(of: topic))
    }

    /// The matrix of a window.
    mutating func compose(_ reading: WindowReading) -> ComposedMessage {
        self.number(reading).composed()
    }

    /// The first components of a window's batches, `nil` where no batch came with them: the header, and as Float64 their
    /// fraction, alignment and CKA without them, row by row.
    mutating func composeFirstComponents(_ reading: WindowReading) -> ComposedMessage? {
        guard let matrices = reading.sums.firstComponentMatrices() else { return nil }
        let body = MatrixHeader(reading).json(for: matrices, dominantExamples: reading.dominantExamples)
        return self.compose(
            .firstComponents(run: reading.run, window: reading.window.name),
            body,
            frames: [Frame(matrices.fractions), Frame(matrices.alignments), Frame(matrices.similarities)]
        )
    }

    /// An event.
    mutating func compose(_ event: MonitorEvent) -> ComposedMessage {
        self.compose(
            .event(run: event.run),
            [
                "event": .string(event.kind.rawValue),
                "run": event.run.map { .string($0.name) } ?? .null,
                "detail": .object(event.detail),
            ]
        )
    }

    /// A message whose number was given by whoever wrote it.
    func compose(_ numbered: NumberedPublication) -> ComposedMessage {
        ComposedMessage(numbered.topic, self.envelope(numbered.seq), numbered.body)
    }

    /// A sign of life.
    mutating func composeHeartbeat() -> ComposedMessage {
        self.compose(.heartbeat, [:])
    }

    private mutating func compose(_ topic: Topic, _ body: JSONObject, frames: [Frame] = []) -> ComposedMessage {
        ComposedMessage(topic, self.nextEnvelope(of: topic), body, frames: frames)
    }

    private mutating func nextEnvelope(of topic: Topic) -> Envelope {
        if self.next[topic] == nil, self.next.count == self.topicCapacity {
            self.first = self.next.values.max() ?? self.first
            self.next = [:]
        }
        let seq = self.next[topic, default: self.first]
        self.next[topic] = seq + 1
        return self.envelope(seq)
    }

    private func envelope(_ seq: Int) -> Envelope {
        Envelope(epoch: self.epoch, seq: seq, time: unixTime())
    }
}

extension ComposedMessage {
    /// Writes a message.
    fileprivate init(_ topic: Topic, _ envelope: Envelope, _ body: JSONObject, frames: [Frame] = []) {
        let header = JSONValue.object(envelope.header(body)).encoded()
        self.init(topic: topic.description, frames: [Frame(topic.description), Frame(header)] + frames)
    }
}

extension MatrixHeader {
    /// The header of a window's matrix.
    public init(_ reading: WindowReading) {
        self.init(
            run: reading.run,
            window: reading.window.name,
            kind: reading.window.kind.name,
            generation: reading.generation,
            steps: reading.sums.stepFirst...reading.sums.stepLast,
            batchCount: reading.sums.batchCount,
            exampleCount: reading.sums.exampleCount,
            missingCount: reading.sums.missingCount,
            effectiveBatchCount: reading.sums.effectiveBatchCount,
            isComplete: reading.sums.isComplete,
            accounting: reading.accounting,
            layers: reading.layers
        )
    }
}

extension WindowReading {
    /// The number of examples that are named.
    private static let dominantExampleCount = 10

    /// The examples that carry the first components of all layers, as messages name them.
    public var dominantExamples: [JSONValue] {
        let all = self.layers.indices
        return self.sums.dominantExamples(of: all, count: Self.dominantExampleCount).map(\.json)
    }
}

/// The wall clock, in seconds since 1970.
public func unixTime() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
