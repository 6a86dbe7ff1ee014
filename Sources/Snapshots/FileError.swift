internal import Glibc

/// A file that could not be read or written.
public struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What failed.
    public enum Operation: String, Sendable {
        case open, read, create, write, rename
    }

    /// What failed.
    public let operation: Operation

    /// The file that was asked for.
    public let path: String

    /// The error number of the system, such as `ENOSPC`.
    public let code: Int32

    /// Creates an error from the calling thread's current error number.
    static func last(_ operation: Operation, _ path: String) -> FileError {
        FileError(operation: operation, path: path, code: errno)
    }

    /// A sentence that names the file and the system's reason.
    public var description: String {
        // SAFETY: `strerror` returns a text for every code; it is copied before anything else can call `strerror`.
        let reason = unsafe String(cString: strerror(self.code))
        return "Could not \(self.operation) '\(self.path)': \(reason)"
    }
}
