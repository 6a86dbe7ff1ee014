internal import Glibc

/// A directory of which this process alone is the owner, for as long as the lock lives.
struct FileLock: ~Copyable, Sendable {
    private let descriptor: CInt

    /// Makes the directory, for this user alone, where there is none, and claims it.
    ///
    /// - Throws: ``StateDirectoryError`` where it cannot be made, or another daemon has it.
    init(directory: String) throws(StateDirectoryError) {
        var path = ""
        for component in directory.split(separator: "/") {
            path += "/" + component
            // SAFETY: The path is a null-terminated string for the length of the call.
            guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else {
                throw StateDirectoryError(directory: directory, code: errno)
            }
        }
        // SAFETY: The path is a null-terminated string for the length of the call.
        let descriptor = unsafe open("\(directory)/lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw StateDirectoryError(directory: directory, code: errno)
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            throw StateDirectoryError(directory: directory, code: code)
        }
        self.descriptor = descriptor
    }

    deinit {
        close(self.descriptor)
    }
}

/// Why a state directory cannot be used.
struct StateDirectoryError: Error, Hashable, CustomStringConvertible {
    /// The directory.
    let directory: String

    /// The error number of the system.
    let code: CInt

    /// A sentence that says what to do.
    var description: String {
        guard self.code != EWOULDBLOCK else {
            return "The state directory '\(self.directory)' belongs to another daemon that runs; choose another "
                + "state.directory"
        }
        // SAFETY: `strerror` returns a text for every code; it is copied before anything else can call `strerror`.
        let reason = unsafe String(cString: strerror(self.code))
        return "The state directory '\(self.directory)' cannot be used: \(reason); choose another state.directory"
    }
}
