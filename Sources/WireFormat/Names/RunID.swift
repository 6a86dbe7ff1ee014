/// The name of a run: one training execution, named by its emitter.
///
/// `[A-Za-z0-9][A-Za-z0-9._-]{0,127}`: safe in a topic, in a path and in a URL.
public struct RunID: Hashable, Sendable, CustomStringConvertible {
    /// The name.
    public let name: String

    /// Creates an identifier, or `nil` where the text is no such name.
    public init?(_ name: some StringProtocol) {
        guard name.isName else { return nil }
        self.name = String(name)
    }

    /// The name.
    public var description: String {
        self.name
    }
}
