extension BatchHeader {
    /// Reads all members but the tensors themselves.
    ///
    /// - Parameters:
    ///   - fields: The header.
    ///   - run: The run that the topic names.
    ///   - tensorCount: The number of tensors in the message.
    /// - Throws: A rejection as malformed.
    init(_ fields: HeaderFields, run: RunID, tensorCount: Int) throws(Rejection) {
        let part = try fields.place("part", of: "parts")
        guard (part.index == nil) == (part.count == nil) else {
            throw .malformed("part and parts come together")
        }
        let isWhole = (part.count ?? 1) == 1
        let session = try fields.session()
        let seq = try fields.integer("seq")
        guard isWhole || session != nil && seq != nil else {
            throw .malformed("a batch in parts needs session and seq")
        }

        let layerCount = try fields.integer("layers")
        if let layerCount, isWhole ? layerCount != tensorCount : layerCount < tensorCount {
            throw .malformed("layers is \(layerCount), and there are \(tensorCount) tensors")
        }

        let batch = try fields.place("batch", of: "batches")
        let rank = try fields.place("rank", of: "world")
        self.init(
            run: run,
            step: try fields.requiredInteger("step"),
            session: session,
            seq: seq,
            dropped: try fields.integer("dropped"),
            layerCount: layerCount ?? (isWhole ? tensorCount : nil),
            part: part.index ?? 0,
            partCount: part.count ?? 1,
            batchIndex: batch.index,
            batchCount: batch.count,
            probe: try fields.name("probe"),
            examples: try fields.exampleIDs("examples"),
            labels: try fields.integers("labels"),
            predictions: try fields.integers("predictions"),
            rank: rank.index,
            world: rank.count,
            time: try fields.number("time"),
            phase: try fields.word("phase"),
            tensors: [],
            exampleCount: 0
        )
    }
}

extension HeaderFields {
    /// Reads an index and the count that it is below, where both are there.
    fileprivate func place(
        _ indexKey: String,
        of countKey: String
    ) throws(Rejection) -> (index: Int?, count: Int?) {
        let index = try self.integer(indexKey)
        let count = try self.integer(countKey, in: 1...Self.largestNumber)
        if let index, let count, index >= count {
            throw .malformed("\(indexKey) is \(index), not below \(countKey), which is \(count)")
        }
        return (index, count)
    }

    fileprivate func exampleIDs(_ key: String) throws(Rejection) -> [ExampleID]? {
        try self.array(key)?.map { value throws(Rejection) in
            if case .string(let name) = value {
                return .string(name)
            }
            return .integer(try Self.integer(value, key, in: -Self.largestNumber...Self.largestNumber))
        }
    }
}
