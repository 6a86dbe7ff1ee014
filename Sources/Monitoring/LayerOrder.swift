internal import WireFormat

/// The layers of a batch in their order.
struct LayerOrder: Sendable {
    /// A layer as a message names it.
    struct Layer: Sendable {
        /// The name.
        let name: String

        /// The position that the message gives, `nil` where it is the place in the list.
        let index: Int?

        /// The part of the batch that it came in.
        let part: Int
    }

    /// The names.
    let names: [String]

    /// For each layer, which of the tensors it is, in the order in which they came.
    let arrivals: [Int]

    /// Orders layers by the index that they were given, and else by the place in the whole list, parts in their order.
    ///
    /// `nil` where two layers claim the same index.
    ///
    /// - Parameter layers: The layers of the whole batch, as they came.
    init?(_ layers: [Layer]) {
        var sizes: [Int: Int] = [:]
        for layer in layers {
            sizes[layer.part, default: 0] += 1
        }
        var places: [Int: Int] = [:]
        var offset = 0
        for (part, size) in sizes.sorted(by: { $0.key < $1.key }) {
            places[part] = offset
            offset += size
        }
        var keyed: [(index: Int, arrival: Int)] = []
        for (arrival, layer) in layers.enumerated() {
            let place = places[layer.part, default: 0]
            places[layer.part] = place + 1
            keyed.append((layer.index ?? place, arrival))
        }
        keyed.sort { ($0.index, $0.arrival) < ($1.index, $1.arrival) }
        for (one, other) in zip(keyed, keyed.dropFirst()) where one.index == other.index {
            return nil
        }
        self.names = keyed.map { layers[$0.arrival].name }
        self.arrivals = keyed.map(\.arrival)
    }
}

extension BatchHeader {
    /// The layers of this message.
    var layers: [LayerOrder.Layer] {
        self.tensors.map { LayerOrder.Layer(name: $0.layer, index: $0.index, part: self.part) }
    }
}
