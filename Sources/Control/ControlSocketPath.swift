internal import Glibc

/// The file behind a control endpoint, claimed by this process alone.
///
/// libzmq lets a second process bind the same path, and takes it over from the first without a
/// word. So a lock file beside the socket comes first: whoever holds it has the endpoint. The lock
/// goes with the process, however it ends.
struct ControlSocketPath: ~Copyable {
    private let path: String
    private let lock: CInt

    /// Claims the path of an endpoint, and makes its directory, for this user alone, where there is none.
    ///
    /// - Parameter endpoint: `ipc:///…`
    /// - Throws: ``ControlError`` where the endpoint is no file, its directory cannot be made, or another daemon has it.
    init(claiming endpoint: String) throws(ControlError) {
        guard endpoint.hasPrefix("ipc://"), endpoint.count > 6 else {
            throw .unacceptableEndpoint(endpoint)
        }
        let path = String(endpoint.dropFirst(6))
        guard path.utf8.count < Self.maximumPathByteCount else {
            throw .pathTooLong(path: path, limit: Self.maximumPathByteCount - 1)
        }
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
            try Self.makeDirectory(String(path[..<slash]))
        }
        // SAFETY: `open` reads a terminated string that Swift keeps for the call.
        let lock = unsafe open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else {
            throw .fileNotMade(path: path + ".lock", code: errno)
        }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw .alreadyRunning(endpoint: endpoint)
        }
        self.path = path
        self.lock = lock
    }

    deinit {
        // The lock file stays: removing it would let a third process lock a file that the second does not see.
        _ = unsafe unlink(self.path)
        close(self.lock)
    }

    /// Makes the bound socket accessible to this user alone.
    borrowing func restrictAccess() throws(ControlError) {
        guard unsafe chmod(self.path, 0o600) == 0 else {
            throw .fileNotMade(path: self.path, code: errno)
        }
    }

    /// What `sockaddr_un` holds.
    private static let maximumPathByteCount = 108

    private static func makeDirectory(_ path: String) throws(ControlError) {
        var built = ""
        for component in path.split(separator: "/", omittingEmptySubsequences: true) {
            built += "/" + component
            let directory = path.hasPrefix("/") ? built : String(built.dropFirst())
            guard unsafe mkdir(directory, 0o700) == 0 || errno == EEXIST else {
                throw .fileNotMade(path: directory, code: errno)
            }
        }
    }
}
