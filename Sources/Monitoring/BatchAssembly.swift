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
        case repeated
        /// The part has come before, and now says something else.
        case repeatedDifferently
        /// The part contradicts the others.
        case inconsistent
    }

    /// The batch.
    let batch: BatchID

    /// The header of the part that came first.
    let header: BatchHeader

    /// The session to whose account the batch belongs, `nil` for a batch without a number.
    let owner: SessionOwner?

    /// When the first part came.
    let started: Duration

    /// The numbers of the parts that have come.
    private(set) var partNumbers: Set<Int> = []

    /// The layers of the parts that have come, in the order of their coming.
    private(set) var parts: [LayerOrder.Part] = []

    private var layerNames: Set<String> = []
    private var announcedLayerCount: Int?

    /// Begins a batch with its first part, which is still to be received.
    init(batch: BatchID, header: BatchHeader, owner: SessionOwner?, now: Duration) {
        self.batch = batch
        self.header = header
        self.owner = owner
        self.started = now
    }

    /// Receives a part.
    ///
    /// - Precondition: It names each of its layers once.
    mutating func receive(_ part: BatchHeader) -> Reception {
        let agrees = self.agrees(with: part)
        guard self.partNumbers.insert(part.part).inserted else { return agrees ? .repeated : .repeatedDifferently }
        guard agrees else { return .inconsistent }
        self.announcedLayerCount = self.announcedLayerCount ?? part.layerCount
        self.parts.append(LayerOrder.Part(part))
        guard self.header.partCount == 1 || self.takeNames(of: part) else { return .inconsistent }
        guard self.partNumbers.count == self.header.partCount else { return .accepted }
        return self.announcedLayerCount.map { $0 == self.layerCount } ?? true ? .completed : .inconsistent
    }

    /// The number of layers that have come.
    var layerCount: Int {
        self.parts.reduce(0) { $0 + $1.tensors.count }
    }

    /// Takes note of a part's layers.
    ///
    /// - Returns: Whether no other part has named any of them.
    private mutating func takeNames(of part: BatchHeader) -> Bool {
        part.tensors.allSatisfy { self.layerNames.insert($0.layer).inserted }
    }

    private func agrees(with part: BatchHeader) -> Bool {
        part.partCount == self.header.partCount
            && (part.layerCount ?? self.announcedLayerCount) == (self.announcedLayerCount ?? part.layerCount)
            && part.step == self.header.step
            && part.exampleCount == self.header.exampleCount
            && part.batchIndex == self.header.batchIndex
            && part.batchCount == self.header.batchCount
            && part.probe == self.header.probe
    }
}
