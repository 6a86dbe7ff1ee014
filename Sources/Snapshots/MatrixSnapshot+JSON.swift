internal import WireFormat

// The file is one JSON object. Members from outside this list follow in the order of the header:
//
//     run window generation step_first step_last batches examples missing   scalars
//     layers                                                                L names
//     cka stderr hsic                                                       L rows of L numbers
//     dominance                                                             L numbers
//     accounting                                                            an object
//     pc1                                                                   an object, with these among its members:
//         fraction                                                          L numbers
//         alignment cka_without                                             L rows of L numbers
//
// What is undefined or not known is `null`.

extension MatrixSnapshot {
    private static let leadingKeys = [
        "run", "window", "generation", "step_first", "step_last", "batches", "examples", "missing", "layers",
    ]
    private static let matrixKeys = ["cka", "stderr", "hsic"]
    private static let trailingKeys = ["dominance", "accounting"]
    private static let componentKeys = ["fraction", "alignment", "cka_without"]

    /// The snapshot as one line of JSON, without a line break at its end.
    public func json() -> [UInt8] {
        var text: [UInt8] = []
        self.writeJSON(lineBreak: "") { text += $0 }
        return text
    }

    /// Writes the file, with a line for each member of the header and each row of a matrix.
    func writeJSON(to file: inout AtomicFile) throws(FileError) {
        try self.writeJSON(lineBreak: "\n") { bytes throws(FileError) in try file.write(bytes) }
        try file.write([UInt8(ascii: "\n")])
    }

    /// Writes piece by piece, so that a large matrix need not exist as text.
    private func writeJSON<Failure: Error>(
        lineBreak: String,
        _ write: ([UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        let header = self.header.fileMembers
        let known = Set(Self.leadingKeys + Self.matrixKeys + Self.trailingKeys + ["pc1"])
        var separator = "{" + lineBreak
        func writeKey(_ key: String) throws(Failure) {
            try write(Array(separator.utf8) + JSONValue.string(key).encoded() + Array(":".utf8))
            separator = "," + lineBreak
        }

        for key in Self.leadingKeys {
            try writeKey(key)
            try write((header[key] ?? .null).encoded())
        }
        for (key, matrix) in zip(Self.matrixKeys, [self.cka, self.standardErrors, self.hsic]) {
            try writeKey(key)
            try self.writeRows(of: matrix, lineBreak: lineBreak, write)
        }
        try writeKey("dominance")
        try write(Self.list(self.header.dominance[...]).encoded())
        try writeKey("accounting")
        try write((header["accounting"] ?? .null).encoded())
        if self.header.object["pc1"] != nil {
            try writeKey("pc1")
            try self.writeFirstComponents(lineBreak: lineBreak, write)
        }
        for (key, value) in header where !known.contains(key) {
            try writeKey(key)
            try write(value.encoded())
        }
        try write(Array((lineBreak + "}").utf8))
    }

    private func writeFirstComponents<Failure: Error>(
        lineBreak: String,
        _ write: ([UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        guard case .object(let members)? = self.header.object["pc1"] else {
            return try write(JSONValue.null.encoded())
        }
        var separator = "{"
        func writeKey(_ key: String) throws(Failure) {
            try write(Array(separator.utf8) + JSONValue.string(key).encoded() + Array(":".utf8))
            separator = "," + lineBreak
        }
        for (key, value) in members where !Self.componentKeys.contains(key) {
            try writeKey(key)
            try write(value.encoded())
        }
        if let components = self.firstComponents {
            try writeKey("fraction")
            try write(Self.list(components.fractions[...]).encoded())
            for (key, matrix) in [
                ("alignment", components.alignments), ("cka_without", components.similarities),
            ] {
                try writeKey(key)
                try self.writeRows(of: matrix, lineBreak: lineBreak, write)
            }
        }
        try write(Array((separator == "{" ? "{}" : "}").utf8))
    }

    private func writeRows<Failure: Error>(
        of matrix: [Double]?,
        lineBreak: String,
        _ write: ([UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        guard let matrix else { return try write(JSONValue.null.encoded()) }
        let count = self.layers.count
        try write(Array("[".utf8))
        for row in 0..<count {
            let values = Self.list(matrix[row * count..<(row + 1) * count])
            try write(Array(((row == 0 ? "" : ",") + lineBreak).utf8) + values.encoded())
        }
        try write(Array("]".utf8))
    }

    private static func list(_ values: ArraySlice<Double>) -> JSONValue {
        .array(values.map { .number($0) })
    }

    /// Reads a file that ``writeJSON(to:)`` could have written, or one from elsewhere with as little as `cka`: layers
    /// without names are called by their positions.
    init(json bytes: [UInt8]) throws(SnapshotError) {
        var object = try JSONObject(parsing: bytes)
        var matrices: [String: JSONValue] = [:]
        for key in Self.matrixKeys {
            matrices[key] = object[key]
            object[key] = nil
        }
        var componentMembers: [String: JSONValue] = [:]
        if case .object(var members)? = object["pc1"] {
            for key in Self.componentKeys {
                componentMembers[key] = members[key]
                members[key] = nil
            }
            object["pc1"] = .object(members)
        }
        if object["layers"] == nil, case .array(let rows)? = matrices["cka"], !rows.isEmpty {
            object["layers"] = .positions(rows.count)
        }
        let header = try SnapshotHeader(object)
        let count = header.layers.count
        guard let cka = try Self.matrix(matrices["cka"], named: "cka", count: count) else {
            throw .header(key: "cka", expected: "a list of \(count) rows")
        }
        try self.init(
            header: header,
            cka: cka,
            standardErrors: try Self.matrix(matrices["stderr"], named: "stderr", count: count)
                ?? Array(repeating: .nan, count: count * count),
            hsic: try Self.matrix(matrices["hsic"], named: "hsic", count: count),
            firstComponents: try Self.firstComponents(componentMembers, count: count)
        )
    }

    private static func firstComponents(
        _ members: [String: JSONValue],
        count: Int
    ) throws(SnapshotError) -> FirstComponents? {
        guard case .array(let fractions)? = members["fraction"],
            let alignments = try self.matrix(members["alignment"], named: "pc1_alignment", count: count),
            let similarities = try self.matrix(members["cka_without"], named: "pc1_cka_without", count: count)
        else { return nil }
        var numbers: [Double] = []
        for fraction in fractions {
            guard let number = fraction.doubleOrNaN else {
                throw .size(of: "pc1_fraction", expected: "\(count) values")
            }
            numbers.append(number)
        }
        return FirstComponents(fractions: numbers, alignments: alignments, similarities: similarities)
    }

    private static func matrix(
        _ value: JSONValue?,
        named name: String,
        count: Int
    ) throws(SnapshotError) -> [Double]? {
        guard let value, value != .null else { return nil }
        let mismatch = SnapshotError.size(of: name, expected: "\(count) rows of \(count) numbers")
        guard case .array(let rows) = value, rows.count == count else { throw mismatch }
        var matrix: [Double] = []
        matrix.reserveCapacity(count * count)
        for row in rows {
            guard case .array(let values) = row, values.count == count else { throw mismatch }
            for value in values {
                guard let number = value.doubleOrNaN else { throw mismatch }
                matrix.append(number)
            }
        }
        return matrix
    }
}

extension SnapshotHeader {
    /// The members of the header that belong into a file: all but those that describe a message's frames.
    var fileMembers: JSONObject {
        var members = self.object
        members["dtype"] = nil
        members["shape"] = nil
        members["frames"] = nil
        return members
    }
}
