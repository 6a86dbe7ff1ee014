/// A matrix that could not be read, or could not be saved.
public enum SnapshotError: Error, Hashable, Sendable {
    /// A file's name ends in no extension that is known.
    case unknownFormat(path: String)

    /// A file is of a format that cannot be read back into a matrix.
    case notReadable(path: String)

    /// A key of the header is missing, or has another type than it should.
    case header(key: String, expected: String)

    /// A message has another number of frames than a matrix has.
    case frameCount(Int)

    /// A matrix has another number of elements than the number of layers says.
    case size(of: String, expected: String)

    /// The bytes are not of the format that they claim to be.
    case malformed(reason: String)

    /// A file could not be read or written.
    case file(FileError)

    /// A picture could not be encoded.
    case picture(reason: String)
}

extension SnapshotError: CustomStringConvertible {
    /// A sentence that says what is wrong, and what would be right.
    public var description: String {
        switch self {
        case .unknownFormat(let path):
            let data = SnapshotFormat.DataFormat.allCases.map { "." + $0.rawValue }
            let pictures = SnapshotFormat.PictureFormat.allCases.map { "." + $0.rawValue }
            return "'\(path)' names no known format: end it in one of \((data + pictures).joined(separator: ", "))"
        case .notReadable(let path):
            return "'\(path)' cannot be read as a saved matrix: only .safetensors and .json hold all of it"
        case .header(let key, let expected):
            return "The matrix's header is wrong: '\(key)' must be \(expected)"
        case .frameCount(let count):
            return "The matrix came in \(count) frames, which is not a matrix"
        case .size(let name, let expected):
            return "The matrix is damaged: '\(name)' must have \(expected)"
        case .malformed(let reason):
            return "The matrix cannot be read: \(reason)"
        case .file(let error):
            return error.description
        case .picture(let reason):
            return reason
        }
    }
}
