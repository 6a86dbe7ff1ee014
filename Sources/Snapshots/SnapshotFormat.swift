/// A format in which a matrix can be saved, known by the file's name.
public enum SnapshotFormat: Hashable, Sendable {
    /// A format that holds the numbers.
    case data(DataFormat)

    /// A format that shows them.
    case picture(PictureFormat)

    /// A format that holds a matrix as numbers, by its extension.
    public enum DataFormat: String, CaseIterable, Sendable {
        /// Every matrix and the sums of the groups, in binary.
        case safetensors

        /// Every matrix and the header, as text.
        case json

        /// The CKA values and the layers' names alone.
        case csv
    }

    /// A format that holds a picture, by its extension.
    public enum PictureFormat: String, CaseIterable, Sendable {
        /// A vector drawing.
        case svg

        /// Pixels.
        case png
    }

    /// Finds the format of a file by its extension, in capitals or not.
    ///
    /// - Throws: ``SnapshotError/unknownFormat(path:)``, which lists the extensions.
    public init(path: String) throws(SnapshotError) {
        let name = path.split(separator: "/").last ?? ""
        let dot = name.lastIndex(of: ".") ?? name.startIndex
        let fileExtension = name[dot...].dropFirst().lowercased()
        if let format = DataFormat(rawValue: fileExtension) {
            self = .data(format)
        } else if let format = PictureFormat(rawValue: fileExtension) {
            self = .picture(format)
        } else {
            throw .unknownFormat(path: path)
        }
    }
}
