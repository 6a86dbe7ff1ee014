/// The `tensors` of a batch's header, whose members are all there and of the right type, each layer named once.
struct TensorList: Sendable {
    /// The number of tensors, never 0.
    let count: Int

    /// The different numbers of examples that the shapes say: one, unless something is wrong.
    let exampleCounts: Set<Int>

    /// The tensor with the longest frame, among those whose length can be told.
    let longest: (layer: String, byteCount: Int)?

    /// The tensors, or why one of them is of no known type or its shape makes no sense.
    let resolved: Result<[TensorDescription], Rejection>

    /// Reads the list of a header.
    ///
    /// - Throws: A rejection as malformed.
    init(_ fields: HeaderFields) throws(Rejection) {
        guard let values = try fields.array("tensors"), !values.isEmpty else {
            throw .malformed("tensors is missing or empty")
        }
        let drafts = try values.map { value throws(Rejection) in try TensorDraft(value) }
        try Self.requireDistinctLayers(drafts)
        self.count = drafts.count
        self.exampleCounts = Set(drafts.compactMap(\.exampleCount))
        self.longest = drafts.compactMap { draft in draft.byteCount.map { (draft.layer, $0) } }.max { $0.1 < $1.1 }
        self.resolved = Self.resolve(drafts)
    }

    /// Two names that look alike count as the same: strings compare by canonical equivalence.
    private static func requireDistinctLayers(_ drafts: [TensorDraft]) throws(Rejection) {
        var layers: Set<String> = []
        var indices: Set<Int> = []
        for draft in drafts {
            guard layers.insert(draft.layer).inserted else {
                throw .malformed("layer \(draft.layer.quoted) comes twice")
            }
            if let index = draft.index, !indices.insert(index).inserted {
                throw .malformed("index \(index) comes twice")
            }
        }
    }

    /// All types come before all shapes.
    private static func resolve(_ drafts: [TensorDraft]) -> Result<[TensorDescription], Rejection> {
        Result { () throws(Rejection) in
            let types = try drafts.map { draft throws(Rejection) in try draft.resolveElementType() }
            return try zip(drafts, types).map { pair throws(Rejection) in try pair.0.resolve(elementType: pair.1) }
        }
    }
}
