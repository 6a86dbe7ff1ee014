public import WireFormat

/// What a matrix is of, and what it covers.
///
/// The header comes from a message or a file and may hold more than is known here: ``object`` keeps all of it. What it does
/// not say is `nil`; what it says in the wrong type is an error.
public struct SnapshotHeader: Hashable, Sendable {
    /// The header as it came, without the matrices.
    public let object: JSONObject

    /// The layers' names, in the order of the matrices' rows.
    public let layers: [String]

    /// The run's name.
    public let run: String?

    /// The window's name.
    public let window: String?

    /// The window's kind, such as `pass`.
    public let kind: String?

    /// The number of the stretch of the run that has these layers.
    public let generation: Int?

    /// The step of the window's first batch.
    public let stepFirst: Int?

    /// The step of the window's last batch.
    public let stepLast: Int?

    /// The number of batches in the window.
    public let batches: Int?

    /// The number of examples in these batches.
    public let examples: Int?

    /// The number of batches that belong into the window and are not in it.
    public let missing: Int?

    /// Whether every batch of a pass is in.
    public let isComplete: Bool?

    /// The number of batches that would weigh as much, where the older ones weigh less.
    public let effectiveBatches: Double?

    /// Why a layer is undefined, by its name.
    public let undefined: [String: String]

    /// The run's accounting, as the daemon counts it.
    public let accounting: JSONValue?

    /// The dominance of each layer; `NaN` where it is undefined or not known.
    public let dominance: [Double]

    /// The share of the largest batch in each layer's self term; `NaN` where it is undefined or not known.
    public let largestBatchShare: [Double]

    /// Reads a header.
    ///
    /// - Throws: ``SnapshotError/header(key:expected:)``.
    public init(_ object: JSONObject) throws(SnapshotError) {
        let layers = try Self.layers(object["layers"])
        self.object = object
        self.layers = layers
        self.run = try Self.text("run", of: object)
        self.window = try Self.text("window", of: object)
        self.kind = try Self.text("kind", of: object)
        self.generation = try Self.count("generation", of: object)
        self.stepFirst = try Self.count("step_first", of: object)
        self.stepLast = try Self.count("step_last", of: object)
        self.batches = try Self.count("batches", of: object)
        self.examples = try Self.count("examples", of: object)
        self.missing = try Self.count("missing", of: object)
        self.isComplete = try Self.flag("complete", of: object)
        self.effectiveBatches = try Self.number("effective_batches", of: object)
        self.undefined = try Self.reasons(object["undefined"])
        self.accounting = object["accounting"]
        self.dominance = try Self.numbers("dominance", of: object, count: layers.count)
        self.largestBatchShare = try Self.numbers("largest_batch_share", of: object, count: layers.count)
    }

    private static func layers(_ value: JSONValue?) throws(SnapshotError) -> [String] {
        guard case .array(let values)? = value else {
            throw .header(key: "layers", expected: "a list of names")
        }
        var layers: [String] = []
        for value in values {
            guard case .string(let name) = value else { throw .header(key: "layers", expected: "a list of names") }
            layers.append(name)
        }
        return layers
    }

    private static func text(_ key: String, of object: JSONObject) throws(SnapshotError) -> String? {
        switch object[key] {
        case nil, .null?: return nil
        case .string(let text)?: return text
        default: throw .header(key: key, expected: "a string")
        }
    }

    private static func count(_ key: String, of object: JSONObject) throws(SnapshotError) -> Int? {
        guard let value = object[key], value != .null else { return nil }
        guard let count = value.exactInteger, count >= 0 else {
            throw .header(key: key, expected: "a whole number, not negative")
        }
        return count
    }

    private static func flag(_ key: String, of object: JSONObject) throws(SnapshotError) -> Bool? {
        switch object[key] {
        case nil, .null?: return nil
        case .bool(let flag)?: return flag
        default: throw .header(key: key, expected: "true or false")
        }
    }

    private static func number(_ key: String, of object: JSONObject) throws(SnapshotError) -> Double? {
        guard let value = object[key], value != .null else { return nil }
        guard let number = value.doubleOrNaN else { throw .header(key: key, expected: "a number") }
        return number
    }

    private static func numbers(
        _ key: String,
        of object: JSONObject,
        count: Int
    ) throws(SnapshotError) -> [Double] {
        guard let value = object[key], value != .null else { return Array(repeating: .nan, count: count) }
        guard case .array(let values) = value, values.count == count else {
            throw .header(key: key, expected: "a list of \(count) numbers")
        }
        var numbers: [Double] = []
        for value in values {
            guard let number = value.doubleOrNaN else {
                throw .header(key: key, expected: "a list of \(count) numbers")
            }
            numbers.append(number)
        }
        return numbers
    }

    private static func reasons(_ value: JSONValue?) throws(SnapshotError) -> [String: String] {
        guard let value, value != .null else { return [:] }
        guard case .object(let object) = value else {
            throw .header(key: "undefined", expected: "an object of reasons")
        }
        var reasons: [String: String] = [:]
        for (layer, reason) in object {
            guard case .string(let reason) = reason else {
                throw .header(key: "undefined", expected: "an object of reasons")
            }
            reasons[layer] = reason
        }
        return reasons
    }
}
