public import Similarity

extension MatrixHeader {
    /// The header of a published message about first components, of the layers and the window of this one.
    ///
    /// - Parameters:
    ///   - matrices: What the components say.
    ///   - dominantExamples: The examples that carry them.
    /// - Returns: The header, without its envelope.
    public func json(for matrices: FirstComponentMatrices, dominantExamples: [JSONValue]) -> JSONObject {
        let count = self.layers.count
        var header: JSONObject = [
            "run": .string(self.run.name),
            "window": .string(self.window),
            "kind": .string(self.kind),
            "generation": .integer(self.generation),
            "step_first": .integer(self.steps.lowerBound),
            "step_last": .integer(self.steps.upperBound),
            "layers": .array(self.layers.map { .string($0) }),
            "estimator": "hsic1",
            "weighting": "n(n-3)",
        ]
        for (key, value) in self.summary(of: matrices, dominantExamples: dominantExamples) {
            header[key] = value
        }
        header["dtype"] = "F64"
        header["frames"] = ["fraction", "alignment", "cka_without"]
        header["shapes"] = [
            [.integer(count)], [.integer(count), .integer(count)], [.integer(count), .integer(count)],
        ]
        return header
    }

    /// What a snapshot says of first components beside its matrices.
    public func summary(of matrices: FirstComponentMatrices, dominantExamples: [JSONValue]) -> JSONObject {
        [
            "batches": .integer(matrices.batchCount),
            "examples": .integer(matrices.exampleCount),
            "window_batches": .integer(self.batchCount),
            "defined_batches": .array(matrices.definedBatchCounts.map { .integer($0) }),
            "undefined": .object(self.reasons(matrices.undefinedLayers)),
            "undefined_without": .object(self.reasons(matrices.layersWithoutRest)),
            "dominant_examples": .array(dominantExamples),
        ]
    }

    private func reasons(_ undefined: [Int: UndefinedComponent]) -> JSONObject {
        var reasons: JSONObject = [:]
        for (layer, reason) in undefined.sorted(by: { $0.key < $1.key }) {
            reasons[self.layers[layer]] = .string(reason.rawValue)
        }
        return reasons
    }
}
