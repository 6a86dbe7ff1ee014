internal import LinearAlgebra

/// A batch's header whose members are all there and of the right type, but not yet checked against
/// the limits and the frames.
struct BatchDraft {
    /// The header, still without its tensors.
    private var header: BatchHeader

    private let tensors: [TensorDraft]

    /// The different numbers of examples that the shapes say: one, unless something is wrong.
    private let exampleCounts: Set<Int>

    /// Reads the members.
    ///
    /// - Throws: A rejection as malformed.
    init(_ fields: HeaderFields, run: RunID) throws(Rejection) {
        guard let entries = try fields.array("tensors"), !entries.isEmpty else {
            throw .malformed("tensors is missing or empty")
        }
        let tensors = try entries.map { entry throws(Rejection) in try TensorDraft(entry) }
        self.header = try BatchHeader(fields, run: run, tensorCount: tensors.count)
        self.tensors = tensors
        self.exampleCounts = Set(tensors.compactMap(\.exampleCount))
        try self.requireDistinctLayers()
        try self.requireOneEntryForEachExample()
    }

    /// Checks the tensors against each other, the limits and the frames.
    ///
    /// - Throws: A rejection with the first reason that applies.
    func resolve(frameSizes: [Int], limits: WireLimits) throws(Rejection) -> BatchHeader {
        guard self.exampleCounts.count <= 1 else {
            throw Rejection(reason: .inconsistent, detail: "the layers have different numbers of examples")
        }
        try self.requireWithinLimits(limits, frameSizes: frameSizes)

        let elementTypes = try self.tensors.map { tensor throws(Rejection) in try tensor.resolveElementType() }
        var header = self.header
        header.tensors.reserveCapacity(self.tensors.count)
        for (tensor, elementType) in zip(self.tensors, elementTypes) {
            header.tensors.append(try tensor.resolve(elementType: elementType))
        }
        header.exampleCount = header.tensors[0].exampleCount
        try Self.requireFrames(frameSizes, of: header.tensors)
        guard header.exampleCount >= 4 else {
            throw Rejection(
                reason: .tooFewExamples,
                detail: "\(header.exampleCount) examples are too few: the unbiased estimate needs 4"
            )
        }
        return header
    }

    // MARK: Malformed

    /// Two names that look alike count as the same: strings compare by canonical equivalence.
    private func requireDistinctLayers() throws(Rejection) {
        var layers: Set<String> = []
        var indices: Set<Int> = []
        for tensor in self.tensors {
            guard layers.insert(tensor.layer).inserted else {
                throw .malformed("layer \(tensor.layer.quoted) comes twice")
            }
            if let index = tensor.index, !indices.insert(index).inserted {
                throw .malformed("index \(index) comes twice")
            }
        }
    }

    private func requireOneEntryForEachExample() throws(Rejection) {
        let header = self.header
        let counts = [
            ("examples", header.examples?.count), ("labels", header.labels?.count),
            ("predictions", header.predictions?.count),
        ]
        for case (let key, let count?) in counts where !self.exampleCounts.isEmpty {
            guard self.exampleCounts.contains(count) else {
                throw .malformed("\(key) has \(count) entries, not one for each example")
            }
        }
    }

    // MARK: Limits and frames

    private func requireWithinLimits(_ limits: WireLimits, frameSizes: [Int]) throws(Rejection) {
        let layerCount = max(self.tensors.count, self.header.layerCount ?? 0, self.header.partCount)
        guard layerCount <= limits.layers else {
            throw .tooLarge("\(layerCount) layers or parts are over limits.layers, which is \(limits.layers)")
        }
        if let exampleCount = self.exampleCounts.first, exampleCount > limits.examples {
            throw .tooLarge("\(exampleCount) examples are over limits.examples, which is \(limits.examples)")
        }
        for tensor in self.tensors {
            guard let byteCount = tensor.byteCount, byteCount > limits.messageBytes else { continue }
            let limit = "limits.message, which is \(limits.messageBytes) bytes"
            throw .tooLarge("layer \(tensor.layer.quoted) has \(byteCount) bytes, over \(limit)")
        }
        try limits.requireRoom(for: frameSizes)
    }

    private static func requireFrames(_ frameSizes: [Int], of tensors: [TensorDescription]) throws(Rejection) {
        guard frameSizes.count == tensors.count else {
            let detail = "\(frameSizes.count) frames came for \(tensors.count) tensors"
            throw Rejection(reason: .size, detail: detail)
        }
        for (frameSize, tensor) in zip(frameSizes, tensors) where frameSize != tensor.byteCount {
            let detail = "the frame of layer \(tensor.layer.quoted) has \(frameSize) bytes, not \(tensor.byteCount)"
            throw Rejection(reason: .size, detail: detail)
        }
    }
}
