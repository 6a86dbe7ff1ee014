internal import WireFormat

/// Which daemon speaks, in every message that it publishes.
struct DaemonIdentity: Sendable {
    /// The version of the program.
    let version: String

    /// A number that no earlier start of the daemon has used.
    let epoch: Int
}
