import Yams

/// Where a value stands, and the path of its key.
struct Place {
    let path: String
    let origin: SettingsProblem.Origin

    /// The place of a key below, as far as it was written.
    func child(_ key: String, in reader: SettingsReader) -> Place {
        let path = self.path.isEmpty ? key : "\(self.path).\(key)"
        return Place(path: path, origin: reader.origins[path] ?? self.origin)
    }
}

/// Walks YAML nodes, and collects what is wrong with them and where each key was written last.
struct SettingsReader {
    /// What is being read; nodes from a file have lines of their own, an environment variable has only its name.
    var source: SettingsProblem.Origin
    private(set) var problems: [SettingsProblem] = []
    private(set) var origins: [String: SettingsProblem.Origin] = [:]

    init(source: SettingsProblem.Origin) {
        self.source = source
    }

    /// Reads a mapping's values into the fields of a section; nothing at all leaves them as they are.
    mutating func read<Root>(_ node: Node, into root: inout Root, keys: [SettingKey<Root>], at place: Place) {
        if node.isNull { return }
        guard case .mapping(let mapping) = node else {
            self.report("\(node.kind) stands here", "write the keys \(listed(keys.map(\.name)))", at: place)
            return
        }
        for (keyNode, value) in mapping.mergedEntries {
            let name = keyNode.scalar?.string ?? keyNode.kind
            let path = place.path.isEmpty ? name : "\(place.path).\(name)"
            let keyPlace = self.place(of: keyNode, path: path, otherwise: place)
            guard let key = keys.first(where: { $0.name == name }) else {
                let closest = closestSpelling(to: name, among: keys.map(\.name))
                let remedy = closest.map { "did you mean \($0)?" } ?? "the keys here are \(listed(keys.map(\.name)))"
                self.report("unknown key", remedy, at: keyPlace)
                continue
            }
            let valuePlace = value.isNull ? keyPlace : self.place(of: value, path: path, otherwise: keyPlace)
            self.origins[path] = valuePlace.origin
            key.read(value, valuePlace, &root, &self)
        }
    }

    /// The place of a node: its own line in a file.
    func place(of node: Node, path: String, otherwise parent: Place) -> Place {
        guard case .file(let file) = self.source, let mark = node.mark else {
            return Place(path: path, origin: parent.origin)
        }
        return Place(path: path, origin: .place(file: file, line: mark.line, column: mark.column))
    }

    /// Forgets where the elements of a list stood that is about to be replaced.
    mutating func forgetPlaces(in list: Place) {
        self.origins = self.origins.filter { !$0.key.hasPrefix("\(list.path)[") }
    }
}

extension SettingsReader {
    /// Notes a problem.
    mutating func report(_ reason: String, _ remedy: String, at place: Place) {
        self.problems.append(
            SettingsProblem(origin: place.origin, key: place.path, reason: reason, remedy: remedy)
        )
    }

    /// Notes that something else stands where a list belongs.
    mutating func reportNoList(_ node: Node, at place: Place) {
        if node.isNull {
            self.report("nothing is given", "write a list, [] for an empty one", at: place)
        } else if let text = node.scalar?.string {
            self.report("\(shown(text)) is not a list", "write [\(text)]", at: place)
        } else {
            self.report("\(node.kind) stands here", "write a list", at: place)
        }
    }

    /// The value of a record's key, or `nil` after noting that it is missing.
    mutating func require<Value>(
        _ value: Value?,
        _ key: String,
        _ format: SettingFormat<Value>,
        at place: Place
    ) -> Value? {
        let keyPlace = place.child(key, in: self)
        if value == nil, !self.hasProblem(under: [keyPlace.path]) {
            self.report("is missing", "write \(format.expectation)", at: keyPlace)
        }
        return value
    }

    /// Whether something is wrong with one of the keys or with what is below them.
    func hasProblem(under paths: [String]) -> Bool {
        self.problems.contains { problem in
            paths.contains { path in
                problem.key == path || problem.key.hasPrefix("\(path).") || problem.key.hasPrefix("\(path)[")
            }
        }
    }
}

/// Names one after the other, as in a sentence.
func listed(_ names: [String], lastWord: String = "and") -> String {
    guard let last = names.last, names.count > 1 else { return names.first ?? "" }
    return "\(names.dropLast().joined(separator: ", ")) \(lastWord) \(last)"
}

/// A value as it is cited: numbers as they are, everything else in quotes.
func shown(_ text: String) -> String {
    let isNumber = text.first.map { "0123456789+-.".contains($0) } ?? false
    return isNumber ? text : "\"\(text)\""
}
