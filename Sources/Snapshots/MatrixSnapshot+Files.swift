extension MatrixSnapshot {
    /// Saves the matrix as numbers.
    ///
    /// The file appears whole or not at all, and replaces one of the same name.
    ///
    /// - Parameters:
    ///   - path: The file's path.
    ///   - format: The format; see ``SnapshotFormat/init(path:)`` for the one that a path names.
    /// - Throws: ``SnapshotError/file(_:)``.
    public func write(to path: String, as format: SnapshotFormat.DataFormat) throws(SnapshotError) {
        do {
            var file = try AtomicFile(replacing: path)
            switch format {
            case .safetensors: try self.safetensors.write(to: &file)
            case .json: try self.writeJSON(to: &file)
            case .csv: try self.writeCSV(to: &file)
            }
            try file.commit()
        } catch {
            throw .file(error)
        }
    }

    /// Reads a matrix that was saved as `.safetensors` or `.json`.
    ///
    /// - Throws: ``SnapshotError`` where the file cannot be read or holds no matrix.
    public init(contentsOf path: String) throws(SnapshotError) {
        switch try SnapshotFormat(path: path) {
        case .data(.safetensors): try self.init(safetensors: try Self.contents(of: path))
        case .data(.json): try self.init(json: try Self.contents(of: path))
        case .data(.csv), .picture: throw .notReadable(path: path)
        }
    }

    private static func contents(of path: String) throws(SnapshotError) -> [UInt8] {
        do {
            return try AtomicFile.contents(of: path)
        } catch {
            throw .file(error)
        }
    }
}
