/// A batch's header whose members are all there and of the right type, but not yet checked against
/// the limits and the frames.
struct BatchDraft {
    /// The header, still without its tensors.
    private var header: BatchHeader

    private let tensors: TensorList

    /// Reads the members.
    ///
    /// - Parameters:
    ///   - fields: The header.
    ///   - tensors: Its list of tensors.
    ///   - run: The run that the topic names.
    /// - Throws: A rejection as malformed.
    init(_ fields: HeaderFields, tensors: TensorList, run: RunID) throws(Rejection) {
        self.header = try BatchHeader(fields, run: run, tensorCount: tensors.count)
        self.tensors = tensors
        try self.requireOneEntryForEachExample()
    }

    /// Checks the tensors against each other, the limits and the frames.
    ///
    /// - Throws: A rejection with the first reason that applies.
    func resolve(frameSizes: [Int], limits: WireLimits) throws(Rejection) -> BatchHeader {
        guard self.tensors.exampleCounts.count <= 1 else {
            throw Rejection(reason: .inconsistent, detail: "the layers have different numbers of examples")
        }
        try self.requireWithinLimits(limits, frameSizes: frameSizes)

        var header = self.header
        header.tensors = try self.tensors.resolved.get()
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

    private func requireOneEntryForEachExample() throws(Rejection) {
        let header = self.header
        let counts = [
            ("examples", header.examples?.count), ("labels", header.labels?.count),
            ("predictions", header.predictions?.count),
        ]
        for case (let key, let count?) in counts where !self.tensors.exampleCounts.isEmpty {
            guard self.tensors.exampleCounts.contains(count) else {
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
        if let exampleCount = self.tensors.exampleCounts.first, exampleCount > limits.examples {
            throw .tooLarge("\(exampleCount) examples are over limits.examples, which is \(limits.examples)")
        }
        if let (layer, byteCount) = self.tensors.longest, byteCount > limits.messageBytes {
            let limit = "limits.message, which is \(limits.messageBytes) bytes"
            throw .tooLarge("layer \(layer.quoted) has \(byteCount) bytes, over \(limit)")
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
