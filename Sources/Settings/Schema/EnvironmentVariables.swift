import Yams

/// The environment variables that stand for keys: `LIVECKA_` and the key's path in capitals, joined by `_`.
enum EnvironmentVariables {
    static let prefix = "LIVECKA_"

    /// The variable of a key such as `publish.interval`.
    static func name(for path: String) -> String {
        self.prefix + path.uppercased().map { $0 == "." ? "_" : String($0) }.joined()
    }

    /// The keys by their variables.
    static let leaves: [String: SettingLeaf] = Dictionary(
        Settings.keys.flatMap(\.leaves).map { (EnvironmentVariables.name(for: $0.path), $0) },
        uniquingKeysWith: { first, _ in first }
    )

    /// The document that sets one key and nothing else to a variable's text.
    static func document(_ text: String, for leaf: SettingLeaf) throws(Misfit) -> Node {
        let value = try self.value(text, shape: leaf.shape)
        return leaf.path.split(separator: ".").reversed().reduce(value) { node, key in
            Node.mapping(Node.Mapping([(Node(String(key)), node)]))
        }
    }

    /// A list of texts is separated by commas; in brackets, and where the elements have keys, it is YAML.
    private static func value(_ text: String, shape: SettingShape) throws(Misfit) -> Node {
        guard case .list(let element) = shape else { return Node(text) }
        if element == .scalar, !text.drop(while: \.isWhitespace).hasPrefix("[") {
            let elements = text.split(separator: ",").map { $0.trimmed }
            return Node.sequence(Node.Sequence(elements.map { Node($0) }))
        }
        do {
            return try compose(yaml: text) ?? Node("")
        } catch {
            let fault = YAMLFault(error)
            throw Misfit(reason: fault.reason, remedy: fault.remedy)
        }
    }
}

extension Substring {
    /// The text without white space at its ends.
    fileprivate var trimmed: String {
        let start = self.drop(while: \.isWhitespace)
        return String(start[..<(start.lastIndex { !$0.isWhitespace }.map(start.index(after:)) ?? start.startIndex)])
    }
}
