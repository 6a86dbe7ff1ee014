internal import WireFormat

/// The layers of a batch in their order.
struct LayerOrder: Sendable {
    /// The layers of one message of the batch, as they came.
    struct Part: Sendable {
        /// Which part of the batch it is.
        let number: Int

        /// Their tensors; an index is `nil` where it is the place in the list.
        let tensors: [TensorDescription]

        /// The layers of a message.
        init(_ header: BatchHeader) {
            self.number = header.part
            self.tensors = header.tensors
        }
    }

    /// The names.
    let names: [String]

    /// For each layer, which of the tensors it is, in the order in which they came.
    let arrivals: [Int]

    /// Orders layers by the index that they were given, and else by the place in the whole list, parts in their order.
    ///
    /// `nil` where two layers claim the same index.
    ///
    /// - Parameter parts: The parts of the whole batch, as they came.
    init?(_ parts: [Part]) {
        var arrived: [(part: Part, first: Int)] = []
        var count = 0
        for part in parts {
            arrived.append((part, count))
            count += part.tensors.count
        }
        var layers: [(index: Int, arrival: Int, name: String)] = []
        layers.reserveCapacity(count)
        for (part, first) in arrived.sorted(by: { $0.part.number < $1.part.number }) {
            for (offset, tensor) in part.tensors.enumerated() {
                layers.append((tensor.index ?? layers.count, first + offset, tensor.layer))
            }
        }
        layers.sort { $0.index < $1.index }
        for (one, other) in zip(layers, layers.dropFirst()) where one.index == other.index {
            return nil
        }
        self.names = layers.map(\.name)
        self.arrivals = layers.map(\.arrival)
    }
}
