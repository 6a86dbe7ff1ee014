internal import BlockStructure

/// Which layers regular expressions select, found out once for each list of layers.
struct LayerSelection: Sendable {
    private let layers: [String]
    private var places: [String: [Int]] = [:]

    /// Creates a selection from a list of layers.
    init(layers: [String]) {
        self.layers = layers
    }

    /// Whether it is of these layers.
    func isOf(_ layers: [String]) -> Bool {
        self.layers == layers
    }

    /// The places of the layers whose names contain a match, ascending.
    mutating func select(_ expression: String) -> [Int] {
        if let known = self.places[expression] { return known }
        let selected = LayerGroup(matching: expression, among: self.layers).layers
        self.places[expression] = selected
        return selected
    }
}
