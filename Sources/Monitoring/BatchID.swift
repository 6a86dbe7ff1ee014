public import WireFormat

/// A batch in the daemon, from its first part to the decision about it.
public struct BatchID: Hashable, Sendable {
    /// The run.
    public let run: RunID

    /// A number that no other batch of this daemon has.
    public let number: Int

    /// Creates an identifier.
    ///
    /// - Parameters:
    ///   - run: The run.
    ///   - number: A number that no other batch has.
    package init(run: RunID, number: Int) {
        self.run = run
        self.number = number
    }
}
