internal import Similarity
public import WireFormat

/// A batch whose contribution is known, ready to be added to the windows.
struct AppliedBatch: Sendable {
    /// The optimizer step of the weights.
    let step: Int

    /// The emitter's session, `nil` where it did not say.
    let session: SessionID?

    /// The emitter's session and the batch's number in it, where the batch is numbered.
    let number: BatchNumber?

    /// The probe set's name.
    let probe: String?

    /// The batch's index in its pass.
    let batchIndex: Int?

    /// The number of batches that the pass has.
    let batchCount: Int?

    /// The batch's contribution to every pair of layers.
    let hsic: BatchHSIC

    /// What the layers' first components contribute; `nil` where they were not computed, or are not to be kept.
    var firstComponents: BatchFirstComponents?

    /// The batch's place among all of its generation.
    var ordinal = 0
}

/// A batch's name among all batches of a run: the emitter's session and its number in it.
public struct BatchNumber: Hashable, Sendable {
    /// The session.
    public let session: SessionID

    /// The number, from 0, of the batch among those that the session attempted.
    public let seq: Int

    /// Creates a name.
    public init(session: SessionID, seq: Int) {
        self.session = session
        self.seq = seq
    }
}
