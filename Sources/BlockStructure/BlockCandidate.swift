/// An interval of layers that are much alike, with what tells whether it is a block.
///
/// It has passed the gate of length and corner. It is a block where ``kind`` is not `nil`; the others are needed by
/// whoever follows a block over time, since one that was raised is over only at lower thresholds.
public struct BlockCandidate: Hashable, Sendable {
    /// The name of the layer group that was searched, `nil` where it was all layers.
    public let group: String?

    /// The first and the last layer, 0-based, inclusive, in the full list of layers.
    public let layers: ClosedRange<Int>

    /// The layers that belong to it, in the full list of layers, ascending.
    ///
    /// Layers inside ``layers`` that are undefined or of another group are not among them.
    public let members: [Int]

    /// The number of layers that it could have had: those of the network, or of the group.
    public let groupLayerCount: Int

    /// The mean CKA between its first and its last quarter.
    public let corner: Double

    /// How much more alike its layers are, in units of CKA, than layers just as far apart across its edge.
    ///
    /// `nil` where there is nothing outside to compare with.
    public let strength: Double?

    /// The standard error of ``strength``, `nil` where there are fewer than two groups of examples to take it from.
    public let standardError: Double?

    /// The mean of its layers' dominance, between 0 and 1; `nil` where that is not known.
    public let dominance: Double?

    /// What sort of block it is, `nil` where it is too weak to be one.
    public let kind: BlockKind?

    /// Creates a candidate from figures, and judges them.
    ///
    /// - Parameters:
    ///   - group: The name of the layer group, `nil` for all layers.
    ///   - members: The layers, ascending, at least one.
    ///   - groupLayerCount: The number of layers of the group.
    ///   - corner: The mean CKA between the first and the last quarter.
    ///   - strength: The strength, `nil` where it is undefined.
    ///   - standardError: The standard error of the strength.
    ///   - dominance: The mean dominance.
    ///   - criteria: The thresholds of the kinds.
    /// - Precondition: There is a member.
    public init(
        group: String? = nil,
        members: [Int],
        groupLayerCount: Int,
        corner: Double,
        strength: Double?,
        standardError: Double?,
        dominance: Double?,
        criteria: BlockCriteria
    ) {
        precondition(!members.isEmpty, "A block has layers")
        self.group = group
        self.layers = members[0]...members[members.count - 1]
        self.members = members
        self.groupLayerCount = groupLayerCount
        self.corner = corner
        self.strength = strength
        self.standardError = standardError
        self.dominance = dominance
        self.kind =
            if let strength {
                if strength - (standardError ?? 0) < criteria.enter {
                    nil
                } else if let dominance, dominance >= criteria.dominanceEnter {
                    .dominant
                } else {
                    .contiguous
                }
            } else {
                .saturated
            }
    }

    /// Whether it would end a block that was raised as one of some kind: too weak, or no longer carried by one component.
    ///
    /// What is not known ends nothing. Dominance counts for a block that was raised as dominant alone: another never had
    /// it.
    public func ends(_ kind: BlockKind, criteria: BlockCriteria) -> Bool {
        if let strength, strength + (self.standardError ?? 0) < criteria.exit {
            return true
        }
        guard kind == .dominant, let dominance else { return false }
        return dominance < criteria.dominanceExit
    }
}
