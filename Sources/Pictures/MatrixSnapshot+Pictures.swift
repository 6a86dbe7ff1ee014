public import BlockStructure
public import Snapshots

extension MatrixSnapshot {
    /// Saves the matrix, as numbers or as a picture.
    ///
    /// The file appears whole or not at all, and replaces one of the same name.
    ///
    /// - Parameters:
    ///   - path: The file's path.
    ///   - format: The format; see `SnapshotFormat.init(path:)` for the one that a path names.
    ///   - blocks: The blocks to frame and to tell of in a picture, `nil` where none were sought.
    /// - Throws: `SnapshotError` where the picture cannot be encoded or the file not be written.
    public func write(
        to path: String,
        as format: SnapshotFormat,
        blocks: [BlockCandidate]? = nil
    ) throws(SnapshotError) {
        switch format {
        case .data(let format):
            try self.write(to: path, as: format)
        case .picture(let format):
            let bytes = try self.bytes(of: format, blocks: blocks)
            do {
                var file = try AtomicFile(replacing: path)
                try file.write(bytes)
                try file.commit()
            } catch {
                throw .file(error)
            }
        }
    }

    private func bytes(
        of format: SnapshotFormat.PictureFormat,
        blocks: [BlockCandidate]?
    ) throws(SnapshotError) -> [UInt8] {
        let map = HeatMap(self, blocks: blocks)
        switch format {
        case .svg:
            return Array(map.svg().utf8)
        case .png:
            do {
                return try map.png()
            } catch {
                throw .picture(reason: error.description)
            }
        }
    }
}
