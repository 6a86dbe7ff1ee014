/// Layers that are searched for blocks on their own, as if there were no others.
///
/// The interiors of residual branches between residual outputs make a checkerboard, in which no stretch of neighbours is
/// alike; each sort by itself may well be a block.
public struct LayerGroup: Hashable, Sendable {
    /// What the group is called, such as the expression that selects its layers; `nil` for all layers.
    public let name: String?

    /// The layers, in the full list of layers, strictly ascending.
    public let layers: [Int]

    /// Creates a group.
    ///
    /// - Precondition: The layers are strictly ascending and not negative.
    public init(name: String?, layers: [Int]) {
        precondition(
            (layers.first ?? 0) >= 0 && zip(layers, layers.dropFirst()).allSatisfy { $0 < $1 },
            "The layers of a group are in ascending order"
        )
        self.name = name
        self.layers = layers
    }

    /// The group of all layers.
    public static func all(_ layerCount: Int) -> LayerGroup {
        LayerGroup(name: nil, layers: Array(0..<layerCount))
    }
}
