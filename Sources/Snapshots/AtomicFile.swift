internal import Glibc

/// A file that appears whole, or not at all.
///
/// The bytes go to a temporary file beside the one that is wanted. ``commit()`` brings them to the disk and gives them their
/// name in one step; a value that goes away before leaves nothing behind, and what had that name stays as it was.
public struct AtomicFile: ~Copyable {
    private let path: String
    private let temporaryPath: String
    private var descriptor: Int32
    private var isCommitted = false

    /// Opens a temporary file in the directory of `path`.
    public init(replacing path: String) throws(FileError) {
        let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        let suffix = String(UInt64.random(in: .min ... .max), radix: 36)
        self.path = path
        self.temporaryPath = "\(directory).livecka-\(suffix).tmp"
        // SAFETY: The path is a null-terminated string for the length of the call.
        self.descriptor = unsafe open(self.temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard self.descriptor >= 0 else { throw .last(.create, path) }
    }

    deinit {
        if self.descriptor >= 0 {
            close(self.descriptor)
        }
        if !self.isCommitted {
            // SAFETY: The path is a null-terminated string for the length of the call.
            _ = unsafe unlink(self.temporaryPath)
        }
    }

    /// Appends bytes.
    public mutating func write(_ bytes: [UInt8]) throws(FileError) {
        try self.write(bytes[...])
    }

    /// Appends bytes.
    public mutating func write(_ bytes: ArraySlice<UInt8>) throws(FileError) {
        var rest = bytes
        while !rest.isEmpty {
            // SAFETY: The system reads `count` bytes of the buffer, which is valid for the length of the call.
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(self.descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .last(.write, self.path) }
            rest = rest.dropFirst(count)
        }
    }

    /// Gives the file its name, once its bytes are on the disk.
    public consuming func commit() throws(FileError) {
        guard fsync(self.descriptor) == 0 else { throw .last(.write, self.path) }
        let closed = close(self.descriptor)
        self.descriptor = -1
        guard closed == 0 else { throw .last(.write, self.path) }
        // SAFETY: Both paths are null-terminated strings for the length of the call.
        guard unsafe rename(self.temporaryPath, self.path) == 0 else { throw .last(.rename, self.path) }
        self.isCommitted = true
    }

    /// Reads the whole of a file.
    public static func contents(of path: String) throws(FileError) -> [UInt8] {
        // SAFETY: The path is a null-terminated string for the length of the call.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .last(.open, path) }
        defer { close(descriptor) }

        var contents: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            // SAFETY: The system writes at most `count` bytes to the buffer, which is valid for the length of the call.
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .last(.read, path) }
            guard count > 0 else { return contents }
            contents += buffer[..<count]
        }
    }
}
