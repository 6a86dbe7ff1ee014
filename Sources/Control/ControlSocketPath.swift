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
    /// - Throws: ``ControlError`` where the endpoint is no file, its directory cannot be made or is open to others, or
    ///   another daemon has it.
    init(claiming endpoint: String) throws(ControlError) {
        guard endpoint.hasPrefix("ipc:///"), !endpoint.hasSuffix("/") else {
            throw .unacceptableEndpoint(endpoint)
        }
        let path = String(endpoint.dropFirst(6))
        guard path.utf8.count < Self.maximumPathByteCount else {
            throw .pathTooLong(path: path, limit: Self.maximumPathByteCount - 1)
        }
        try Self.makeDirectory(of: path)
        try Self.checkPlace(path)
        // SAFETY: `open` reads a terminated string that Swift keeps for the call.
        let lock = unsafe open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lock >= 0 else {
            throw .fileNotMade(path: path + ".lock", code: errno)
        }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(lock)
            throw code == EWOULDBLOCK
                ? .alreadyRunning(endpoint: endpoint) : .fileNotMade(path: path + ".lock", code: code)
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

    /// Makes the directories above a file, where they are not there.
    private static func makeDirectory(of path: String) throws(ControlError) {
        var directory = ""
        for component in path.split(separator: "/").dropLast() {
            directory += "/" + component
            guard unsafe mkdir(directory, 0o700) == 0 || errno == EEXIST else {
                throw .fileNotMade(path: directory, code: errno)
            }
        }
    }

    /// Checks that nothing but a socket is in the place, and that nobody else can put one there.
    ///
    /// libzmq removes whatever file has the name of a socket that it binds. And in a directory that others may write
    /// to, they could take the socket away and answer in the daemon's name; a sticky one, such as `/tmp`, forbids that.
    private static func checkPlace(_ path: String) throws(ControlError) {
        let directory = path.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/"
        var status = stat()
        guard unsafe stat(directory, &status) == 0 else {
            throw .fileNotMade(path: directory, code: errno)
        }
        let isOwn = status.st_uid == geteuid() || status.st_uid == 0
        let isShared = status.st_mode & (S_IWGRP | S_IWOTH) != 0
        let isSticky = status.st_mode & S_ISVTX != 0
        guard isOwn, !isShared || isSticky else {
            throw .unsafeDirectory(directory)
        }
        guard unsafe lstat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFSOCK else {
            throw .fileNotMade(path: path, code: EEXIST)
        }
    }
}
