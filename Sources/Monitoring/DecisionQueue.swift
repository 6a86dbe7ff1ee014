internal import Similarity
internal import WireFormat

/// The batches of a run whose contribution is being computed, in the order in which they came.
///
/// Workers finish in any order; windows take batches in the order of arrival, so that the same
/// stream gives the same numbers, but for the last digits of Float64, however many workers there are.
struct DecisionQueue: Sendable {
    /// A batch that waits for its decision.
    struct Entry: Sendable {
        /// The batch.
        let batch: BatchID

        /// Its header, or that of its first part.
        let header: BatchHeader

        /// The session to whose account it belongs, `nil` for a batch without a number.
        let owner: SessionOwner?

        /// The generation that its list of layers belongs to.
        let generation: Generation
    }

    /// Something that takes its place in the order.
    enum Item: Sendable {
        /// A batch, with its contribution or the name of the layer that is not finite.
        case batch(Entry, Result<BatchHSIC, NonFiniteLayer>)
        /// A batch that was rejected at once, which settles a place in its pass.
        case rejected(step: Int, place: Pass.Place)
        /// A session that said bye.
        case end(SessionID?)
    }

    private enum Slot: Sendable {
        case computing(Entry)
        case ready(Item)
    }

    private var slots: [Slot] = []

    /// The batches that are being computed.
    var batches: [Entry] {
        self.slots.compactMap { slot in
            switch slot {
            case .computing(let entry), .ready(.batch(let entry, _)): entry
            case .ready: nil
            }
        }
    }

    /// Appends a batch that is being computed.
    mutating func append(_ entry: Entry) {
        self.slots.append(.computing(entry))
    }

    /// Appends something that waits only for what came before.
    mutating func append(_ item: Item) {
        self.slots.append(.ready(item))
    }

    /// Notes what came of a batch.
    ///
    /// - Returns: Whether the batch was waiting.
    mutating func finish(_ batch: BatchID, with result: Result<BatchHSIC, NonFiniteLayer>) -> Bool {
        let index = self.slots.firstIndex { slot in
            guard case .computing(let entry) = slot else { return false }
            return entry.batch == batch
        }
        guard let index, case .computing(let entry) = self.slots[index] else { return false }
        self.slots[index] = .ready(.batch(entry, result))
        return true
    }

    /// Takes out the items at the front that wait for nothing.
    mutating func drain() -> [Item] {
        var items: [Item] = []
        for slot in self.slots {
            guard case .ready(let item) = slot else { break }
            items.append(item)
        }
        self.slots.removeFirst(items.count)
        return items
    }
}

/// A layer of a batch that holds a value which is not a number, or infinite.
public struct NonFiniteLayer: Error, Hashable, Sendable {
    /// The layer's name.
    public let layer: String

    /// Creates the error.
    public init(layer: String) {
        self.layer = layer
    }
}

/// A session's name together with the incarnation to whose account a batch belongs.
struct SessionOwner: Hashable, Sendable {
    let session: SessionID
    let incarnation: Int
}

/// A stretch of a run with one ordered list of layers.
struct Generation: Hashable, Sendable {
    /// The number, from 1.
    let number: Int

    /// The names of the layers, in order.
    let layers: [String]
}
