import Foundation

/// Expected values from Fixtures/make_similarity.py.
struct Fixture: Decodable, Sendable {
    struct Wave: Decodable, Sendable {
        let sizes: [Int]
        let products: [Double]
        let cka: [Double]
        let standardErrors: [Double]?
        let decayed: [Double]?
    }

    struct Published: Decodable, Sendable {
        let x: [Double]
        let y: [Double]
        let cka: Double
    }

    let widths: [Int]
    let waves: [Wave]
    let published: Published

    static func load() throws -> Fixture {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/similarity.json")
        return try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: file))
    }

    /// The activations that the script's function of the same name computes.
    static func wave(_ n: Int, _ p: Int, layer: Int, batch: Int) -> Layer {
        let values = (0..<n * p).map { place -> Double in
            let i = Double(place / p + 1)
            let j = Double(place % p + 1)
            let first = 0.7 * i + 0.13 * j * Double(layer + 1) + 0.31 * Double(batch)
            let second = 0.05 * i * j + 0.017 * Double(batch + 1) * i * Double(layer + 1)
            return sin(first) * exp2(-Double(layer)) + cos(second)
        }
        return Layer(values, exampleCount: n)
    }

    /// One batch of all layers of a case.
    func batch(_ batch: Int, of wave: Wave) -> [Layer] {
        self.widths.enumerated().map { layer, width in
            Self.wave(wave.sizes[batch], width, layer: layer, batch: batch)
        }
    }
}
