/// The numbers of the rule by which a stretch of layers is a block.
///
/// They were fitted on real residual networks and checked on held-out ones.
public struct BlockCriteria: Hashable, Sendable {
    /// The CKA that pairs of layers inside a block exceed: the zero of the score of an interval.
    public var threshold = 0.9

    /// The most that one dissimilar pair takes from the score of an interval.
    public var penalty = 0.25

    /// The fewest layers of an interval.
    public var intervalLayers = 5

    /// The fewest layers of a block, however few the network has.
    public var gateLayers = 4

    /// The smallest share of the network's layers, or of the layer group's, that a block has.
    public var gateShare = 0.2

    /// The least mean CKA between the first and the last quarter of a block.
    public var corner = 0.85

    /// The strength, less its standard error, from which an interval is a block.
    public var enter = 0.12

    /// The strength, with its standard error, below which a block that was raised is over; not above ``enter``.
    public var exit = 0.08

    /// The dominance from which a block is ``BlockKind/dominant``.
    public var dominanceEnter = 0.45

    /// The dominance below which a dominant block that was raised is over; not above ``dominanceEnter``.
    public var dominanceExit = 0.38

    /// The overlap, intersection over union, from which two intervals are the same block at two moments.
    public var overlap = 0.5

    /// Creates the defaults.
    public init() {}

    /// The fewest layers that a block of a network has, or of a layer group.
    ///
    /// - Parameter layerCount: The number of layers of the network, or of the group.
    /// - Returns: The larger of ``gateLayers`` and the share of the layers, rounded up.
    public func minimumLayers(of layerCount: Int) -> Int {
        // 0.2 · 35 is 7 and a little in binary: what rounding adds must not cost a layer.
        let share = (self.gateShare * Double(layerCount) * (1 - 1e-12)).rounded(.up)
        return max(self.gateLayers, Int(share))
    }
}
