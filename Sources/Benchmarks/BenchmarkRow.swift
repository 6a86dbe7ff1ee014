public import WireFormat

/// One figure next to the floor that it is measured against.
///
/// Seconds are those of one batch. What a benchmark shows besides, such as percentiles or bytes, stands in ``details``.
public struct BenchmarkRow: Hashable, Sendable {
    /// The benchmark, such as `engine`.
    public var bench: String

    /// The number of layers, *L*.
    public var layers: Int

    /// The number of examples, *n*.
    public var examples: Int

    /// The number of features, *p*; `nil` where Gram matrices are sent or nothing has features.
    public var features: Int?

    /// How the numbers are stored, such as `F32`.
    public var dtype: String

    /// The seconds that a batch took: the median of several rounds.
    public var seconds: Double

    /// The seconds that it takes at least, measured in the same run; `nil` where there is no such time.
    public var floorSeconds: Double?

    /// Floor ÷ measured, so 1 is perfect.
    public var ratio: Double?

    /// Further numbers and words, in the order in which they are shown.
    public var details: JSONObject

    /// Creates a row whose ratio is that of its times.
    public init(
        bench: String,
        layers: Int,
        examples: Int,
        features: Int?,
        dtype: String,
        seconds: Double,
        floorSeconds: Double?,
        details: JSONObject = [:]
    ) {
        self.bench = bench
        self.layers = layers
        self.examples = examples
        self.features = features
        self.dtype = dtype
        self.seconds = seconds
        self.floorSeconds = floorSeconds
        self.ratio = floorSeconds.map { $0 / seconds }
        self.details = details
    }

    /// The row as an object: the keys that every row has, then the details.
    public var json: JSONObject {
        var object: JSONObject = [
            "bench": .string(self.bench),
            "layers": .integer(self.layers),
            "examples": .integer(self.examples),
            "features": self.features.map { .integer($0) } ?? .null,
            "dtype": .string(self.dtype),
            "seconds": .number(self.seconds),
            "floor_seconds": self.floorSeconds.map { .number($0) } ?? .null,
            "ratio": self.ratio.map { .number($0) } ?? .null,
        ]
        for (key, value) in self.details {
            object[key] = value
        }
        return object
    }
}
