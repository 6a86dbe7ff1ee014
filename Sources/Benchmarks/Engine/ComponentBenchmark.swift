internal import LinearAlgebra
internal import Similarity
internal import WireFormat

/// Measures what a layer's first component costs next to its Gram matrix, on one thread.
///
/// How many steps the eigenpair takes depends on how far the leading eigenvalue stands apart, so there are layers of
/// several kinds.
public struct ComponentBenchmark: Sendable {
    /// How the variance of a layer is spread over its directions.
    public enum Spectrum: String, CaseIterable, Sendable {
        /// One direction carries four fifths of it, as in a block.
        case dominated
        /// The k-th direction has a k-th part of the first one's, as trained layers roughly do.
        case decaying
        /// All directions are alike: the leading one stands hardly apart, and it takes longest to tell whether it does.
        case noise
    }

    private let rounds: Int
    private let roundSeconds: Double

    /// Describes a measurement.
    ///
    /// - Parameters:
    ///   - rounds: How many rounds count.
    ///   - roundSeconds: How long a round measures at least.
    public init(rounds: Int, roundSeconds: Double = 0.15) {
        self.rounds = rounds
        self.roundSeconds = roundSeconds
    }

    /// Measures layers of one kind.
    ///
    /// - Parameters:
    ///   - spectrum: The kind.
    ///   - shape: How many layers are measured in turn, and their size.
    /// - Returns: What a component takes, with what the Gram matrix takes as the floor: a ratio of 5 is a fifth.
    /// - Throws: Nothing that is not a mistake of this benchmark.
    /// - Precondition: The shape has features.
    public func row(_ spectrum: Spectrum, _ shape: BatchShape) throws -> BenchmarkRow {
        let features = shape.features ?? 1
        let layers = (0..<shape.layers).map { layer in
            SyntheticLayer(spectrum, exampleCount: shape.examples, featureCount: features, seed: UInt64(layer + 1))
        }
        var workspace = Workspace()
        func seconds(withFirstComponent: Bool, count: Int) throws -> Double {
            try secondsTaken {
                for turn in 0..<count {
                    _ = try layers[turn % layers.count].uCentered(
                        withFirstComponent: withFirstComponent,
                        workspace: &workspace
                    )
                }
            } / Double(count)
        }
        let once = try seconds(withFirstComponent: true, count: layers.count)
        let count = layers.count * max(1, Int((self.roundSeconds / once / Double(layers.count)).rounded(.up)))
        let rounds = try AlternatingRounds(self.rounds) {
            try seconds(withFirstComponent: false, count: count)
        } measurement: {
            try seconds(withFirstComponent: true, count: count)
        }
        // The difference of two figures of the same round: the machine's drift is in both.
        let costs = zip(rounds.floors, rounds.measurements).map { $1 - $0 }
        return BenchmarkRow(
            bench: "components-\(spectrum.rawValue)",
            layers: shape.layers,
            examples: shape.examples,
            features: shape.features,
            dtype: ElementType.float32.rawValue,
            seconds: costs.median,
            floorSeconds: rounds.floor,
            details: ["cost_of_gram": .number(costs.median / rounds.floor)]
        )
    }
}

/// A layer's activations.
private struct SyntheticLayer {
    let exampleCount: Int
    let featureCount: Int
    let activations: [Float]

    init(_ spectrum: ComponentBenchmark.Spectrum, exampleCount: Int, featureCount: Int, seed: UInt64) {
        let deviations = (0..<featureCount).map { feature -> Float in
            switch spectrum {
            case .dominated: feature == 0 ? (4 * Float(featureCount)).squareRoot() : 1
            case .decaying: 1 / Float(feature + 1).squareRoot()
            case .noise: 1
            }
        }
        var state = seed &* 0x9E37_79B9_7F4A_7C15
        var activations = [Float](repeating: 0, count: exampleCount * featureCount)
        for index in activations.indices {
            // Sums of four are near enough to normal.
            var sum: Float = 0
            for _ in 0..<4 {
                state ^= state << 13
                state ^= state >> 7
                state ^= state << 17
                sum += Float(Int32(truncatingIfNeeded: state)) * 0x1p-31
            }
            activations[index] = sum * deviations[index % featureCount]
        }
        self.exampleCount = exampleCount
        self.featureCount = featureCount
        self.activations = activations
    }

    func uCentered(withFirstComponent: Bool, workspace: inout Workspace) throws -> UCenteredGram {
        // SAFETY: Every byte of a Float is initialized.
        try UCenteredGram(
            activations: unsafe self.activations.span.bytes,
            elementType: .float32,
            exampleCount: self.exampleCount,
            featureCount: self.featureCount,
            withFirstComponent: withFirstComponent,
            workspace: &workspace
        )
    }
}
