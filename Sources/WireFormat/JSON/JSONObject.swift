/// The members of a JSON object, in the order in which they were written.
///
/// A handful of members, as nearly every object has, is searched one by one; beyond that an index
/// is kept, so that an object of a hundred thousand keys costs no more for each of them.
public struct JSONObject: Sendable {
    private static let unindexedCount = 16

    private var members: [(key: String, value: JSONValue)] = []
    private var positions: [String: Int]?

    /// Creates an object without members.
    public init() {}

    /// Creates an object; where a key is repeated, the last value counts.
    public init(_ members: some Sequence<(String, JSONValue)>) {
        for (key, value) in members {
            self[key] = value
        }
    }

    /// The value of a key, or `nil` where there is none; setting `nil` removes the key.
    ///
    /// - Complexity: O(1), except that removing is O(*m*) for *m* members.
    public subscript(key: String) -> JSONValue? {
        get {
            self.position(of: key).map { self.members[$0].value }
        }
        set {
            switch (self.position(of: key), newValue) {
            case (let position?, let value?): self.members[position].value = value
            case (let position?, nil): self.remove(at: position)
            case (nil, let value?): self.append(key, value)
            case (nil, nil): break
            }
        }
    }

    private func position(of key: String) -> Int? {
        if let positions = self.positions {
            return positions[key]
        }
        return self.members.firstIndex { $0.key == key }
    }

    private mutating func append(_ key: String, _ value: JSONValue) {
        self.members.append((key, value))
        if self.positions != nil {
            self.positions?[key] = self.members.count - 1
        } else if self.members.count > Self.unindexedCount {
            self.index()
        }
    }

    private mutating func remove(at position: Int) {
        self.members.remove(at: position)
        self.positions = nil
        if self.members.count > Self.unindexedCount {
            self.index()
        }
    }

    private mutating func index() {
        self.positions = Dictionary(
            uniqueKeysWithValues: self.members.indices.map { (self.members[$0].key, $0) }
        )
    }
}

extension JSONObject: RandomAccessCollection {
    /// The place of the first member.
    public var startIndex: Int { 0 }

    /// The place after the last member.
    public var endIndex: Int { self.members.count }

    /// The member at a place.
    public subscript(position: Int) -> (key: String, value: JSONValue) {
        self.members[position]
    }
}

extension JSONObject: Hashable {
    /// Whether both have the same members, in whatever order.
    public static func == (lhs: JSONObject, rhs: JSONObject) -> Bool {
        lhs.count == rhs.count && lhs.allSatisfy { rhs[$0.key] == $0.value }
    }

    /// Hashes the members without regard to their order.
    public func hash(into hasher: inout Hasher) {
        var sum = 0
        for (key, value) in self {
            var member = Hasher()
            member.combine(key)
            member.combine(value)
            sum &+= member.finalize()
        }
        hasher.combine(sum)
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// Creates an object; where a key is repeated, the last value counts.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init(elements)
    }
}
