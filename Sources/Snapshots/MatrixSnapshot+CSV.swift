extension MatrixSnapshot {
    /// Writes the CKA values as comma-separated values, fields quoted as in RFC 4180.
    ///
    /// The first row and the first column hold the layers' names; an undefined value is an empty field. Lines end in `\n`.
    func writeCSV(to file: inout AtomicFile) throws(FileError) {
        let names = self.layers.map(Self.field)
        try file.write(Array((([""] + names).joined(separator: ",") + "\n").utf8))
        for (row, name) in names.enumerated() {
            let values = self.cka[row * names.count..<(row + 1) * names.count]
            let fields = [name] + values.map { $0.isFinite ? "\($0)" : "" }
            try file.write(Array((fields.joined(separator: ",") + "\n").utf8))
        }
    }

    private static func field(_ text: String) -> String {
        // Scalars, since a comma that a mark follows and a line break of two scalars are other characters.
        guard text.unicodeScalars.contains(where: { "\",\r\n".unicodeScalars.contains($0) }) else { return text }
        let content = text.unicodeScalars.reduce(into: "") { result, scalar in
            result.unicodeScalars.append(scalar)
            if scalar == "\"" {
                result.unicodeScalars.append(scalar)
            }
        }
        return "\"\(content)\""
    }
}
