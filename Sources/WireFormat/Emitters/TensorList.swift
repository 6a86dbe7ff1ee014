internal import LinearAlgebra

/// The `tensors` of a batch's header, whose members are all there and of the right type, each layer named once.
struct TensorList: Sendable {
    /// The entries, never none.
    let entries: [TensorDraft]

    /// The different numbers of examples that the shapes say: one, unless something is wrong.
    let exampleCounts: Set<Int>

    /// The tensors, or why one of them is of no known type or its shape makes no sense.
    let resolved: Result<[TensorDescription], Rejection>

    /// Reads the list of a header.
    ///
    /// - Throws: A rejection as malformed.
    init(_ fields: HeaderFields) throws(Rejection) {
        guard let values = try fields.array("tensors"), !values.isEmpty else {
            throw .malformed("tensors is missing or empty")
        }
        self.entries = try values.map { value throws(Rejection) in try TensorDraft(value) }
        self.exampleCounts = Set(self.entries.compactMap(\.exampleCount))
        self.resolved = Self.resolve(self.entries)
        try self.requireDistinctLayers()
    }

    /// All types come before all shapes.
    private static func resolve(_ entries: [TensorDraft]) -> Result<[TensorDescription], Rejection> {
        Result { () throws(Rejection) in
            let types = try entries.map { entry throws(Rejection) in try entry.resolveElementType() }
            return try zip(entries, types).map { pair throws(Rejection) in try pair.0.resolve(elementType: pair.1) }
        }
    }

    /// Two names that look alike count as the same: strings compare by canonical equivalence.
    private func requireDistinctLayers() throws(Rejection) {
        var layers: Set<String> = []
        var indices: Set<Int> = []
        for entry in self.entries {
            guard layers.insert(entry.layer).inserted else {
                throw .malformed("layer \(entry.layer.quoted) comes twice")
            }
            if let index = entry.index, !indices.insert(index).inserted {
                throw .malformed("index \(index) comes twice")
            }
        }
    }
}
