/// Which layers a regular expression selects, found out once for each list of layers.
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
    ///
    /// An expression that is none selects nothing; the settings refuse it.
    mutating func select(_ expression: String) -> [Int] {
        if let known = self.places[expression] { return known }
        var selected: [Int] = []
        if let regex = try? Regex(expression) {
            selected = self.layers.indices.filter { self.layers[$0].firstMatch(of: regex) != nil }
        }
        self.places[expression] = selected
        return selected
    }

}
