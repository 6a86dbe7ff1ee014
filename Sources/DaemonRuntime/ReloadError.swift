/// Why settings were not read again, so that the old ones stay.
public struct ReloadError: Error, Sendable, CustomStringConvertible {
    /// A sentence that says why, or a line for each thing that is wrong.
    public let description: String

    /// Creates an error.
    public init(_ description: String) {
        self.description = description
    }
}
