internal import LinearAlgebra

/// A batch's header whose members are all there and of the right type, but not yet checked against
/// each other, the limits, or the frames.
struct BatchDraft {
    private let fields: HeaderFields
    private let run: RunID
    private let tensors: [TensorDraft]
    private let part: (index: Int, count: Int)
    private let declaredLayerCount: Int?

    /// Reads the members.
    ///
    /// - Throws: A rejection as malformed.
    init(_ fields: HeaderFields, run: RunID) throws(Rejection) {
        guard let tensors = try fields.array("tensors"), !tensors.isEmpty else {
            throw .malformed("tensors is missing or empty")
        }
        self.fields = fields
        self.run = run
        self.tensors = try tensors.map { value throws(Rejection) in try TensorDraft(value) }
        self.part = try Self.part(fields)
        self.declaredLayerCount = try fields.integer("layers", in: 1...HeaderFields.largestNumber)
        try self.requireDistinctLayers()
        if self.part.count == 1, let count = self.declaredLayerCount, count != tensors.count {
            throw .malformed("layers is not the number of tensors")
        }
        // The remaining members are read once without a shape, so that whatever is malformed comes first.
        let batch = try self.header(tensors: [], exampleCount: 0)
        if let index = batch.batchIndex, let count = batch.batchCount, index >= count {
            throw .malformed("batch is not below batches")
        }
    }

    /// Checks the members against each other, the limits and the frames.
    ///
    /// - Throws: A rejection with the first reason that applies.
    func header(frameSizes: [Int], limits: WireLimits) throws(Rejection) -> BatchHeader {
        let shapes = self.tensors.map { tensor in Result { () throws(Rejection) in try tensor.resolveShape() } }
        let counts = Set(shapes.compactMap { try? $0.get().exampleCount })
        guard counts.count <= 1 else {
            throw Rejection(reason: .inconsistent, detail: "the layers have different numbers of examples")
        }
        try self.requireWithinLimits(counts, frameSizes: frameSizes, limits: limits)

        let types = try self.tensors.map { tensor throws(Rejection) in try tensor.resolveElementType() }
        var tensors: [TensorDescription] = []
        for (index, shape) in shapes.enumerated() {
            tensors.append(self.tensors[index].description(of: try shape.get(), elementType: types[index]))
        }
        guard frameSizes == tensors.map(\.byteCount) else {
            throw Rejection(reason: .size, detail: "the frames are not as many, or not as long, as the tensors say")
        }
        guard let exampleCount = counts.first, exampleCount >= 4 else {
            throw Rejection(reason: .tooFewExamples, detail: "HSIC needs at least 4 examples")
        }
        return try self.header(tensors: tensors, exampleCount: exampleCount)
    }

    /// Checks that there is one identifier, label and prediction for each example.
    ///
    /// Apart from the other members, because it needs a shape that may be wrong for another reason.
    ///
    /// - Throws: A rejection as malformed.
    func requireOneEntryForEachExample() throws(Rejection) {
        guard let exampleCount = self.tensors.lazy.compactMap({ try? $0.resolveShape().exampleCount }).first else {
            return
        }
        for key in ["examples", "labels", "predictions"] {
            guard let entries = try self.fields.array(key), entries.count != exampleCount else { continue }
            throw .malformed("\(key) does not have one entry for each example")
        }
    }

    private func header(tensors: [TensorDescription], exampleCount: Int) throws(Rejection) -> BatchHeader {
        let fields = self.fields
        return BatchHeader(
            run: self.run,
            step: try fields.requiredInteger("step"),
            session: try fields.session(),
            seq: try fields.integer("seq"),
            dropped: try fields.integer("dropped"),
            layerCount: self.declaredLayerCount ?? (self.part.count == 1 ? self.tensors.count : nil),
            part: self.part.index,
            partCount: self.part.count,
            batchIndex: try fields.integer("batch"),
            batchCount: try fields.integer("batches", in: 1...HeaderFields.largestNumber),
            probe: try fields.name("probe"),
            examples: try fields.array("examples")?.map { value throws(Rejection) in
                if case .string(let name) = value { return .string(name) }
                let range = -HeaderFields.largestNumber...HeaderFields.largestNumber
                return .integer(try HeaderFields.integer(value, "examples", in: range))
            },
            labels: try fields.integers("labels"),
            predictions: try fields.integers("predictions"),
            rank: try fields.integer("rank"),
            world: try fields.integer("world", in: 1...HeaderFields.largestNumber),
            time: try fields.number("time"),
            phase: try fields.word("phase"),
            tensors: tensors,
            exampleCount: exampleCount
        )
    }

    private static func part(_ fields: HeaderFields) throws(Rejection) -> (index: Int, count: Int) {
        switch (try fields.integer("part"), try fields.integer("parts", in: 1...HeaderFields.largestNumber)) {
        case (nil, nil):
            return (0, 1)
        case (let part?, let partCount?):
            guard part < partCount else {
                throw .malformed("part is not below parts")
            }
            guard partCount == 1 || fields["session"] != nil && fields["seq"] != nil else {
                throw .malformed("a batch in parts needs session and seq")
            }
            return (part, partCount)
        default:
            throw .malformed("part and parts come together")
        }
    }

    private func requireDistinctLayers() throws(Rejection) {
        guard Set(self.tensors.map(\.layer)).count == self.tensors.count else {
            throw .malformed("two tensors have the same layer")
        }
        let indices = self.tensors.compactMap(\.index)
        guard Set(indices).count == indices.count else {
            throw .malformed("two tensors have the same index")
        }
    }

    private func requireWithinLimits(_ counts: Set<Int>, frameSizes: [Int], limits: WireLimits) throws(Rejection) {
        let layerCount = max(self.tensors.count, self.declaredLayerCount ?? 0, self.part.count)
        guard layerCount <= limits.layers else {
            throw Rejection(reason: .tooLarge, detail: "over limits.layers, which is \(limits.layers)")
        }
        guard counts.allSatisfy({ $0 <= limits.examples }) else {
            throw Rejection(reason: .tooLarge, detail: "over limits.examples, which is \(limits.examples)")
        }
        guard frameSizes.reduce(0, +) <= limits.messageBytes else {
            throw Rejection(reason: .tooLarge, detail: "over limits.message, which is \(limits.messageBytes) bytes")
        }
    }
}
