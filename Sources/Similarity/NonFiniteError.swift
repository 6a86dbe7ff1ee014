/// A layer contains NaN or infinity.
public struct NonFiniteError: Error, Hashable, Sendable {
    /// Creates the error.
    public init() {}
}

extension NonFiniteError: CustomStringConvertible {
    /// A sentence that says what to look for.
    public var description: String { "The layer contains NaN or infinity" }
}
