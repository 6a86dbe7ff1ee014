internal import WireFormat

/// A batch whose parts are coming in.
struct BatchAssembly: Sendable {
    /// What becomes of a part.
    enum Reception: Sendable {
        /// The part belongs to the batch; more are to come.
        case accepted
        /// The part was the last one; the layers are all there.
        case completed
        /// The part has come before.
        case duplicate
        /// The batch was rejected before: the part is let go of, and the batch is not counted again.
        case late
        /// The part contradicts the others: the batch is rejected.
        case inconsistent
    }

    private struct Layer: Sendable {
        let name: String
        let index: Int?
        let part: Int
    }

    /// The batch.
    let batch: BatchID

    /// The header of the part that came first.
    let header: BatchHeader

    /// When the first part came.
    let started: Duration

    /// Whether the batch was rejected. Its parts that come later are let go of.
    private(set) var isRejected = false

    private var partSizes: [Int: Int] = [:]
    private var layers: [Layer] = []
    private var layerNames: Set<String> = []

    /// Begins a batch with its first part, which is still to be received.
    init(batch: BatchID, header: BatchHeader, now: Duration) {
        self.batch = batch
        self.header = header
        self.started = now
    }

    /// Receives a part.
    mutating func receive(_ part: BatchHeader) -> Reception {
        guard self.partSizes[part.part] == nil else { return .duplicate }
        self.partSizes[part.part] = part.tensors.count
        guard !self.isRejected else { return .late }
        guard self.agrees(with: part) else { return .inconsistent }
        for tensor in part.tensors {
            guard self.layerNames.insert(tensor.layer).inserted else { return .inconsistent }
            self.layers.append(Layer(name: tensor.layer, index: tensor.index, part: part.part))
        }
        guard self.partSizes.count == self.header.partCount else { return .accepted }
        let announced = self.header.layerCount
        return announced == nil || announced == self.layers.count ? .completed : .inconsistent
    }

    /// Gives up the batch, but remembers its parts.
    mutating func reject() {
        self.isRejected = true
        self.layers = []
        self.layerNames = []
    }

    /// Whether a part of this number has come.
    func hasReceived(part: Int) -> Bool {
        self.partSizes[part] != nil
    }

    /// The order of the layers: positions into the tensors as they came, by explicit index where
    /// there is one and else by the place in the whole list, parts in their order.
    ///
    /// `nil` where two layers claim the same index.
    func layerOrder() -> LayerOrder? {
        var offsets: [Int: Int] = [:]
        var offset = 0
        for (part, size) in self.partSizes.sorted(by: { $0.key < $1.key }) {
            offsets[part] = offset
            offset += size
        }
        var placeInPart: [Int: Int] = [:]
        var keyed: [(index: Int, arrival: Int)] = []
        for (arrival, layer) in self.layers.enumerated() {
            let place = placeInPart[layer.part, default: 0]
            placeInPart[layer.part] = place + 1
            keyed.append((layer.index ?? (offsets[layer.part] ?? 0) + place, arrival))
        }
        keyed.sort { ($0.index, $0.arrival) < ($1.index, $1.arrival) }
        for (one, other) in zip(keyed, keyed.dropFirst()) where one.index == other.index {
            return nil
        }
        return LayerOrder(names: keyed.map { self.layers[$0.arrival].name }, arrivals: keyed.map(\.arrival))
    }

    private func agrees(with part: BatchHeader) -> Bool {
        part.partCount == self.header.partCount
            && part.layerCount == self.header.layerCount
            && part.step == self.header.step
            && part.exampleCount == self.header.exampleCount
            && part.batchIndex == self.header.batchIndex
            && part.batchCount == self.header.batchCount
            && part.probe == self.header.probe
    }
}

/// The layers of a batch in their order.
struct LayerOrder: Sendable {
    /// The names.
    let names: [String]

    /// For each layer, which of the tensors it is, in the order in which they came.
    let arrivals: [Int]
}
