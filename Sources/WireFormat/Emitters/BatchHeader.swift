/// The header of a batch, or of one part of it.
///
/// Everything that can be checked without knowing other messages has been checked.
public struct BatchHeader: Hashable, Sendable {
    /// The run.
    public let run: RunID

    /// The optimizer step that the weights were at.
    public let step: Int

    /// The emitter's process, which numbers the batch only together with ``seq``.
    public let session: SessionID?

    /// The batch's number in its session.
    public let seq: Int?

    /// How many numbers below ``seq`` the session has given up.
    public let dropped: Int?

    /// The number of layers of the whole batch; `nil` where the batch comes in parts and this one does not say.
    public let layerCount: Int?

    /// Which part of the batch this is, from 0.
    public let part: Int

    /// In how many parts the batch comes.
    public let partCount: Int

    /// The batch's index in its pass.
    public let batchIndex: Int?

    /// How many batches the pass has.
    public let batchCount: Int?

    /// The name of the probe set.
    public let probe: String?

    /// The identity of each example.
    public let examples: [ExampleID]?

    /// The target of each example.
    public let labels: [Int]?

    /// The model's answer to each example.
    public let predictions: [Int]?

    /// The process's position in a parallel job.
    public let rank: Int?

    /// The number of processes of the parallel job.
    public let world: Int?

    /// When the batch was emitted, in Unix seconds.
    public let time: Double?

    /// What the model was doing.
    public let phase: Phase?

    /// The layers in this message, one for each frame and never none.
    public internal(set) var tensors: [TensorDescription]

    /// The number of examples, which all layers share.
    public internal(set) var exampleCount: Int

    /// Creates a header.
    public init(
        run: RunID,
        step: Int,
        session: SessionID? = nil,
        seq: Int? = nil,
        dropped: Int? = nil,
        layerCount: Int? = nil,
        part: Int = 0,
        partCount: Int = 1,
        batchIndex: Int? = nil,
        batchCount: Int? = nil,
        probe: String? = nil,
        examples: [ExampleID]? = nil,
        labels: [Int]? = nil,
        predictions: [Int]? = nil,
        rank: Int? = nil,
        world: Int? = nil,
        time: Double? = nil,
        phase: Phase? = nil,
        tensors: [TensorDescription],
        exampleCount: Int
    ) {
        self.run = run
        self.step = step
        self.session = session
        self.seq = seq
        self.dropped = dropped
        self.layerCount = layerCount
        self.part = part
        self.partCount = partCount
        self.batchIndex = batchIndex
        self.batchCount = batchCount
        self.probe = probe
        self.examples = examples
        self.labels = labels
        self.predictions = predictions
        self.rank = rank
        self.world = world
        self.time = time
        self.phase = phase
        self.tensors = tensors
        self.exampleCount = exampleCount
    }
}

/// The identity of an example in its probe set or data set.
public enum ExampleID: Hashable, Sendable {
    case integer(Int)
    case string(String)

    /// The identity as it is written in JSON.
    public var json: JSONValue {
        switch self {
        case .integer(let integer): .integer(integer)
        case .string(let string): .string(string)
        }
    }
}

/// What a model is doing while it is observed.
public enum Phase: String, CaseIterable, Sendable {
    case train, eval, checkpoint
}
