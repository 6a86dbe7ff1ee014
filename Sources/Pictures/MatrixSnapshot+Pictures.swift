public import Snapshots

extension MatrixSnapshot {
    /// Saves the matrix, as numbers or as a picture.
    ///
    /// The file appears whole or not at all, and replaces one of the same name.
    ///
    /// - Parameters:
    ///   - path: The file's path.
    ///   - format: The format; see `SnapshotFormat.init(path:)` for the one that a path names.
    ///   - outlines: Intervals of layers to frame in a picture, 0-based and inclusive.
    /// - Throws: `SnapshotError` where the picture cannot be encoded or the file not be written.
    public func write(
        to path: String,
        as format: SnapshotFormat,
        outlines: [ClosedRange<Int>] = []
    ) throws(SnapshotError) {
        switch format {
        case .data(let format):
            try self.write(to: path, as: format)
        case .picture(let format):
            let bytes = try self.bytes(of: format, outlines: outlines)
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
        outlines: [ClosedRange<Int>]
    ) throws(SnapshotError) -> [UInt8] {
        let map = HeatMap(self, outlines: outlines)
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
