import LinearAlgebra
import Monitoring
import Similarity
import WireFormat
import ZeroMQ

@testable import Computation

/// Activations of a few layers, made up from a seed.
struct ExampleBatch {
    let exampleCount: Int
    let featureCount: Int
    var layers: [[Float]]

    init(exampleCount: Int = 8, featureCount: Int = 5, layerCount: Int = 3, seed: UInt64 = 1) {
        var generator = SplitMix64(state: seed)
        self.exampleCount = exampleCount
        self.featureCount = featureCount
        self.layers = (0..<layerCount).map { _ in
            (0..<exampleCount * featureCount).map { _ in Float.random(in: -1...1, using: &generator) }
        }
    }

    /// The tensors of a range of layers, as one message would bring them.
    func message(of range: Range<Int>, run: RunID = .example) -> (header: BatchHeader, frames: [Frame]) {
        let tensors = range.map { layer in
            TensorDescription(
                layer: "layer \(layer)",
                elementType: .float32,
                exampleCount: self.exampleCount,
                payload: .activations(featureCount: self.featureCount),
                byteCount: self.layers[layer].count * 4
            )
        }
        let frames = range.map { index in
            let layer = self.layers[index]
            return Frame(copying: unsafe layer.span.bytes)
        }
        return (BatchHeader(run: run, step: 1, tensors: tensors, exampleCount: self.exampleCount), frames)
    }

    /// The batch's contribution, computed on this thread.
    func hsic(withFirstComponents: Bool = false) throws -> BatchHSIC {
        var workspace = Workspace()
        var grams: [UCenteredGram] = []
        for layer in self.layers {
            grams.append(
                try UCenteredGram(
                    activations: unsafe layer.span.bytes,
                    elementType: .float32,
                    exampleCount: self.exampleCount,
                    featureCount: self.featureCount,
                    withFirstComponent: withFirstComponents,
                    workspace: &workspace
                )
            )
        }
        return UCenteredBatch(grams: grams).hsic(workspace: &workspace)
    }
}

extension RunID {
    /// A run's name.
    static func named(_ name: String) -> RunID {
        guard let run = RunID(name) else { preconditionFailure("\(name) is no run's name") }
        return run
    }

    static let example = RunID.named("example")
}

/// Steele, Lea & Flood 2014: numbers that are the same on every machine.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
