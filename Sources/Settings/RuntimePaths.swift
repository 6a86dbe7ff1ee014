/// The places that the daemon and the command line agree on without being told.
///
/// A pure function of what the process was started with, so that both sides and a test compute the same.
public struct RuntimePaths: Hashable, Sendable {
    /// The directory of the control socket and its lock file; the daemon makes it, open to its owner alone.
    public let runtimeDirectory: String
    /// The endpoint of the control socket.
    public let controlEndpoint: String
    /// The directory of what is kept over a restart.
    public let stateDirectory: String

    /// Resolves the places.
    ///
    /// The runtime directory is the first of `$RUNTIME_DIRECTORY`, else `$XDG_RUNTIME_DIR/livecka`, else
    /// `livecka-<uid>` in the temporary directory. The state directory is the first of `$STATE_DIRECTORY`, else
    /// `$XDG_STATE_HOME/livecka`, else `~/.local/state/livecka`, and without a home beside the runtime directory.
    /// Variables that are empty or not absolute count as unset, as the XDG specification wants.
    ///
    /// - Parameters:
    ///   - environment: The environment; systemd separates several directories by colons.
    ///   - userID: The effective user.
    ///   - temporaryDirectory: The absolute path of the temporary directory.
    public init(environment: [String: String], userID: UInt32, temporaryDirectory: String) {
        func directory(_ variable: String, isList: Bool = false) -> String? {
            environment[variable]
                .map { isList ? $0.prefix { $0 != ":" } : $0[...] }
                .flatMap { $0.hasPrefix("/") ? $0.withoutTrailingSlash : nil }
        }
        let runtimeDirectory =
            directory("RUNTIME_DIRECTORY", isList: true)
            ?? directory("XDG_RUNTIME_DIR").map { "\($0)/livecka" }
            ?? "\(temporaryDirectory[...].withoutTrailingSlash)/livecka-\(userID)"
        self.runtimeDirectory = runtimeDirectory
        self.controlEndpoint = "ipc://\(runtimeDirectory)/control.sock"
        self.stateDirectory =
            directory("STATE_DIRECTORY", isList: true)
            ?? directory("XDG_STATE_HOME").map { "\($0)/livecka" }
            ?? directory("HOME").map { "\($0)/.local/state/livecka" }
            ?? "\(runtimeDirectory)/state"
    }
}

extension Substring {
    fileprivate var withoutTrailingSlash: String {
        String(self.count > 1 && self.hasSuffix("/") ? self.dropLast() : self)
    }
}
