internal import Glibc
internal import Logging
internal import Snapshots
internal import Synchronization
internal import Threads
internal import WireFormat

/// The file in which alerts are kept over a restart: `alerts.json` in the state directory.
///
/// It is written by a thread of its own, whole or not at all, so that a slow disk delays nobody. A disk that is full or cannot
/// be written to is said, counted, and tried again; a file that cannot be read is set aside. Two daemons never share a
/// directory: the second goes without.
final class AlertFile: Sendable {
    private struct State: Sendable {
        var pending: JSONValue?
        var failure: String?
        var failureCount = 0
        var isStopping = false
        var isOver = false
    }

    private let path: String
    private let logger: Logger
    private let lock: FileLock?
    private let state: Awaited<State>
    private let thread: NamedThread?

    /// Claims the directory, and makes it where there is none.
    ///
    /// - Parameters:
    ///   - directory: The absolute path of the directory.
    ///   - pause: The least time between two tries to write.
    ///   - logger: Where it says what cannot be done.
    /// - Throws: ``SystemError`` where there are no more threads.
    init(directory: String, pause: Duration, logger: Logger) throws(SystemError) {
        let path = "\(directory)/alerts.json"
        let state = Awaited(State())
        self.path = path
        self.logger = logger
        self.state = state
        do throws(StateDirectoryError) {
            self.lock = try FileLock(directory: directory)
        } catch {
            state.update { state in
                state.failure = error.description
                state.failureCount += 1
            }
            logger.error("Alerts are not kept over a restart", metadata: ["error": "\(error)"])
            self.lock = nil
            self.thread = nil
            return
        }
        self.thread = try NamedThread(name: "state") {
            Self.run(path: path, pause: pause, state: state, logger: logger)
        }
    }

    /// Why the last write failed and how many did, `nil` where the last one did not.
    var failure: (reason: String, count: Int)? {
        self.state.read { state in state.failure.map { ($0, state.failureCount) } }
    }

    /// What an earlier daemon saved, `nil` where there is nothing that can be read.
    func read() -> JSONValue? {
        guard self.lock != nil, unsafe access(self.path, F_OK) == 0 else { return nil }
        do {
            let bytes = try AtomicFile.contents(of: self.path)
            // SAFETY: The bytes outlive the span, and nobody changes them.
            return unsafe try JSONValue(parsing: bytes.span.bytes)
        } catch {
            self.setAside(because: "\(error)")
            return nil
        }
    }

    /// Gives the file another name, so that what is in it is not lost.
    func setAside(because reason: String) {
        let aside = "\(self.path).broken"
        // SAFETY: Both paths are null-terminated strings for the length of the call.
        let isMoved = unsafe rename(self.path, aside) == 0
        self.logger.error(
            "The file of alerts cannot be used; the daemon begins without alerts",
            metadata: ["error": "\(reason)", "file.moved_to": "\(isMoved ? aside : "nowhere")"]
        )
    }

    /// Hands over what is to be saved; something older that still waits is not written any more.
    func write(_ value: JSONValue) {
        self.state.update { $0.pending = value }
    }

    /// Writes what waits and ends the thread.
    ///
    /// A disk that does not answer is not waited for longer than a second.
    func stop() {
        guard let thread = self.thread else { return }
        self.state.update { $0.isStopping = true }
        if self.state.take(timeout: .seconds(1), { $0.isOver ? () : nil }) != nil {
            thread.join()
        }
    }

    private static func run(path: String, pause: Duration, state: Awaited<State>, logger: Logger) {
        while true {
            // What failed waits with the rest of what is to be written.
            let (value, isLast) =
                state.take { state -> (JSONValue?, Bool)? in
                    guard state.pending != nil || state.isStopping else { return nil }
                    return (state.pending.take(), state.isStopping)
                } ?? (nil, true)
            if let value {
                var failure: String?
                do throws(FileError) {
                    var file = try AtomicFile(replacing: path)
                    try file.write(value.encoded())
                    try file.commit()
                } catch {
                    failure = "\(error); \(error.remedy)"
                }
                let isNews = state.update { state in
                    defer { state.failure = failure }
                    if failure != nil {
                        state.failureCount += 1
                        state.pending = state.pending ?? value
                    }
                    return (state.failure == nil) != (failure == nil)
                }
                if isNews {
                    let metadata: Logger.Metadata = ["file.path": "\(path)", "error": "\(failure ?? "none")"]
                    failure == nil
                        ? logger.notice("Alerts are saved again", metadata: metadata)
                        : logger.error("Alerts cannot be saved; it will be tried again", metadata: metadata)
                }
            }
            guard !isLast else { break }
            _ = state.take(timeout: pause) { $0.isStopping ? () : nil }
        }
        state.update { $0.isOver = true }
    }
}

extension FileError {
    /// What the daemon's owner can do about a file that cannot be written.
    fileprivate var remedy: String {
        switch self.code {
        case ENOSPC, EDQUOT: "make room on the disk, or choose another state.directory"
        case EFBIG: "raise the limit on the size of files (LimitFSIZE of systemd, ulimit -f)"
        case EACCES, EPERM, EROFS: "let the daemon's user write to the directory"
        default: "look at the disk, or choose another state.directory"
        }
    }
}
