import Yams

extension Node {
    /// Whether nothing is written here: an empty value, `~` or `null`.
    var isNull: Bool {
        guard case .scalar(let scalar) = self, scalar.style == .plain || scalar.style == .any else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    /// What stands here, as a problem calls it.
    var kind: String {
        switch self {
        case .scalar: self.isNull ? "nothing" : "a single value"
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }
}

extension Node.Mapping {
    /// The entries, with those of mappings that are merged in by `<<` where the mapping does not have their keys itself.
    var mergedEntries: [(key: Node, value: Node)] {
        var entries: [(key: Node, value: Node)] = []
        var merged: [Node.Mapping] = []
        for (key, value) in self {
            switch (key.scalar?.string, value) {
            case ("<<", .mapping(let mapping)): merged.append(mapping)
            case ("<<", .sequence(let sequence)): merged += sequence.compactMap(\.mapping)
            default: entries.append((key, value))
            }
        }
        var names = Set(entries.map(\.key))
        for entry in merged.flatMap(\.mergedEntries) where names.insert(entry.key).inserted {
            entries.append(entry)
        }
        return entries
    }
}
