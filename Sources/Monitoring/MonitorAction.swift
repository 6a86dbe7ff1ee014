internal import Similarity
public import WireFormat

/// What the daemon has to do because of something that the monitor was told.
///
/// The monitor decides and remembers; whoever runs it performs the actions, in their order.
public enum MonitorAction: Sendable {
    /// Turn the tensors of the message that was just received into Gram matrices.
    case compute(BatchID)

    /// All tensors of the batch are in: compute its products, its layers in the given order.
    ///
    /// The order gives, for each layer, the place of its tensor among all those of the batch as they came.
    case seal(BatchID, layerOrder: [Int])

    /// Forget what has been computed of the batch.
    case abandon(BatchID)

    /// Publish an event.
    case event(MonitorEvent)

    /// The windows of a run have changed.
    case windowsChanged(RunID)

    /// A pass has ended and goes out whatever the rate limit.
    case passEnded(WindowReading)

    /// A window has come to its hop: look at what it holds for anything that is amiss.
    case evaluate(WindowReading)

    /// Batches of the run come, have stopped coming, or are over.
    case stateChanged(RunStateChange)

    /// A batch was rejected since a layer of it is not finite.
    case nonFinite(NonFiniteBatch)

    /// Say in the log that a message was rejected.
    case rejected(RunID?, Rejection)

    /// The run is gone: forget what was published of it.
    case forgotten(RunID)
}

/// Whether messages of a run come, have stopped coming, or are over.
public enum RunState: String, Sendable {
    case live, stale, ended
}

/// A run whose batches come, have stopped coming, or are over, and what was known of it then.
public struct RunStateChange: Sendable {
    /// The run.
    public let run: RunID

    /// Its state from now on.
    public let state: RunState

    /// How long it has been silent.
    public let silence: Duration

    /// The number of the generation, `nil` before the first batch.
    public let generation: Int?

    /// The last step heard of.
    public let step: Int?

    /// The account of the run.
    public let accounting: Accounting
}

/// A batch that was rejected since a layer of it is not finite.
public struct NonFiniteBatch: Sendable {
    /// The run.
    public let run: RunID

    /// The name of the layer.
    public let layer: String

    /// The names of all layers of the batch, in order.
    public let layers: [String]

    /// The number of the generation.
    public let generation: Int

    /// The batch's step.
    public let step: Int

    /// The account of the run, with this batch.
    public let accounting: Accounting
}

/// Something that happened to a run, or to the daemon where no run is known.
public struct MonitorEvent: Sendable {
    /// What can happen.
    public enum Kind: String, Sendable {
        case attached, hello, generation, stale, recovered, bye, detached
        case nonFinite = "non_finite"
    }

    /// What happened.
    public let kind: Kind

    /// The run, `nil` where none is known yet.
    public let run: RunID?

    /// The particulars.
    public let detail: JSONObject

    /// Creates an event.
    public init(kind: Kind, run: RunID?, detail: JSONObject) {
        self.kind = kind
        self.run = run
        self.detail = detail
    }
}
