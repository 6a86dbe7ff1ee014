/// An image that libpng could not encode.
public struct PNGError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What libpng says.
    public let reason: String

    /// A sentence that names the reason.
    public var description: String {
        "The PNG could not be encoded: \(self.reason)"
    }
}
