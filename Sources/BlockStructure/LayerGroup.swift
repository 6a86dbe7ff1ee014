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

    /// Creates the group of the layers of whose names any part matches a regular expression, which is its name.
    ///
    /// - Parameters:
    ///   - expression: The expression; what is none, which settings refuse, matches nothing.
    ///   - names: The names of all layers, in order.
    public init(matching expression: String, among names: [String]) {
        let regex = try? Regex(expression)
        self.init(name: expression, layers: names.indices.filter { index in regex.map(names[index].contains) ?? false })
    }

    /// The group of all layers.
    public static func all(_ layerCount: Int) -> LayerGroup {
        LayerGroup(name: nil, layers: Array(0..<layerCount))
    }
}
