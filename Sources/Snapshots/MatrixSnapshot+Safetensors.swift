internal import WireFormat

// Tensors, all F64: cka, stderr, dominance, and where they are known hsic [L, L], groups [G, L, L] and traces [G, L],
// pc1_fraction [L], pc1_alignment [L, L] and pc1_cka_without [L, L].
//
// The header's members are the metadata. Metadata can hold strings only: a member that is a string is written as it is,
// every other one as JSON text, and so is a string that would itself be read as JSON, such as a run named "7".

extension MatrixSnapshot {
    /// The snapshot as tensors.
    var safetensors: SafetensorsFile {
        let count = self.layers.count
        func tensor(_ name: String, _ shape: [Int], _ values: [Double]) -> SafetensorsFile.Tensor {
            SafetensorsFile.Tensor(
                name: name,
                elementType: .float64,
                shape: shape,
                bytes: Float64Bytes.encode(values)[...]
            )
        }
        var tensors = [
            tensor("cka", [count, count], self.cka),
            tensor("stderr", [count, count], self.standardErrors),
        ]
        if let hsic {
            tensors.append(tensor("hsic", [count, count], hsic))
        }
        tensors.append(tensor("dominance", [count], self.header.dominance))
        if let groups {
            tensors.append(tensor("groups", [groups.count, count, count], groups.products))
            tensors.append(tensor("traces", [groups.count, count], groups.traces))
        }
        if let components = self.firstComponents {
            tensors.append(tensor("pc1_fraction", [count], components.fractions))
            tensors.append(tensor("pc1_alignment", [count, count], components.alignments))
            tensors.append(tensor("pc1_cka_without", [count, count], components.similarities))
        }
        let metadata = self.header.fileMembers.map { (key: $0.key, value: Self.metadataText($0.value)) }
        return SafetensorsFile(tensors: tensors, metadata: metadata)
    }

    /// Reads the bytes of a file, which may come from elsewhere and hold as little as `cka`, of any type of floating-point
    /// number: layers without names are called by their positions.
    init(safetensors bytes: [UInt8]) throws(SnapshotError) {
        let file: SafetensorsFile
        do {
            file = try SafetensorsFile(parsing: bytes)
        } catch {
            throw .malformed(reason: error.description)
        }
        var object: JSONObject = [:]
        for (key, text) in file.metadata {
            object[key] = Self.metadataValue(text)
        }
        guard let shape = file["cka"]?.shape else {
            throw .malformed(reason: "it has no tensor 'cka'")
        }
        guard shape.count == 2, shape[0] == shape[1] else {
            throw .size(of: "cka", expected: "as many columns as rows")
        }
        if object["layers"] == nil {
            object["layers"] = .positions(shape[0])
        }
        if object["dominance"] == nil {
            object["dominance"] = try Self.values("dominance", shape: [shape[0]], of: file)
                .map { .array($0.map { .number($0) }) }
        }
        let header = try SnapshotHeader(object)
        let count = header.layers.count
        let square = [count, count]
        guard let cka = try Self.values("cka", shape: square, of: file) else {
            throw .malformed(reason: "it has no tensor 'cka'")
        }
        var groups: GroupSums?
        if let groupCount = file["groups"]?.shape.first {
            let products = try Self.values("groups", shape: [groupCount, count, count], of: file) ?? []
            let traces = try Self.values("traces", shape: [groupCount, count], of: file) ?? []
            groups = GroupSums(count: groupCount, products: products, traces: traces)
        }
        var components: FirstComponents?
        if let fractions = try Self.values("pc1_fraction", shape: [count], of: file) {
            components = FirstComponents(
                fractions: fractions,
                alignments: try Self.values("pc1_alignment", shape: square, of: file) ?? [],
                similarities: try Self.values("pc1_cka_without", shape: square, of: file) ?? []
            )
        }
        try self.init(
            header: header,
            cka: cka,
            standardErrors: try Self.values("stderr", shape: square, of: file)
                ?? Array(repeating: .nan, count: count * count),
            hsic: try Self.values("hsic", shape: square, of: file),
            groups: groups,
            firstComponents: components
        )
    }

    private static func values(
        _ name: String,
        shape: [Int],
        of file: SafetensorsFile
    ) throws(SnapshotError) -> [Double]? {
        guard let tensor = file[name] else { return nil }
        let values: [Double]? =
            switch tensor.elementType {
            case .float64: Float64Bytes.decode(tensor.bytes)
            case .float32: tensor.words(of: 4).map { Double(Float(bitPattern: UInt32($0))) }
            case .bfloat16: tensor.words(of: 2).map { Double(Float(bitPattern: UInt32($0) << 16)) }
            case .float16: tensor.words(of: 2).map { Double(Float16(bitPattern: UInt16($0))) }
            default: nil
            }
        guard let values, tensor.shape == shape else {
            throw .size(of: name, expected: shape.map(String.init).joined(separator: " × ") + " floating-point numbers")
        }
        return values
    }

    private static func metadataText(_ value: JSONValue) -> String {
        guard case .string(let text) = value, self.metadataValue(text) == value else { return value.text }
        return text
    }

    private static func metadataValue(_ text: String) -> JSONValue {
        (try? JSONValue(parsing: Array(text.utf8)[...])) ?? .string(text)
    }
}

extension SafetensorsFile.Tensor {
    /// The bits of the elements, each of some bytes.
    fileprivate func words(of byteCount: Int) -> [UInt64] {
        stride(from: self.bytes.startIndex, to: self.bytes.endIndex, by: byteCount).map { start in
            self.bytes[start..<start + byteCount].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
    }
}
