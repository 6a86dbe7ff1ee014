import Similarity
import Testing

/// Mistakes seen in published code, each shown to matter, and shown not to be made here.
@Suite struct PublishedTrapTests {
    /// Two correlated layers, and their similarity in Float64.
    private func layers(mean: Double, exampleCount n: Int = 64, seed: UInt64 = 51) throws -> (Layer, Layer, cka: Double)
    {
        var random = Random(seed: seed)
        let shared = random.normals(n * 20)
        let x = Layer(shared.map { $0 + mean }, exampleCount: n)
        let y = Layer(shared.map { $0 + random.normal() + mean }, exampleCount: n)
        let cka = try similarities([x.stored(as: .float32).uCentered(), y.stored(as: .float32).uCentered()]).values[1]
        return (x, y, cka)
    }

    /// The trace form on Gram matrices of Float32 that were not centred.
    @Test(arguments: [100.0, 1000])
    func traceFormLosesFloat32ToTheMean(mean: Double) throws {
        let (x, y, expected) = try self.layers(mean: mean)
        let naive = naiveTraceForm(x, y)
        #expect(naive.isNaN || abs(naive - expected) > 0.05)
        #expect(abs(try similarities([x.uCentered(.float32), y.uCentered(.float32)]).values[1] - expected) < 1e-5)
    }

    /// One shared direction under much noise: the mean of small batches' ratios is far from the ratio of their sums.
    @Test func averagingRatiosOfSmallBatchesIsBiased() throws {
        var random = Random(seed: 54)
        let exampleCount = 2000
        let signal = random.normals(exampleCount)
        let layers = (0..<2).map { _ in
            let direction = random.normals(40)
            let values = (0..<exampleCount * 40).map { place in
                signal[place / 40] * direction[place % 40] + 2 * random.normal()
            }
            return Layer(values, exampleCount: exampleCount)
        }
        var sums = HSICAccumulator(layerCount: 2)
        var ratios: [Double] = []
        for start in stride(from: 0, to: exampleCount, by: 4) {
            let batch = hsic(
                try layers.map { layer in
                    try Layer(Array(layer.values[start * 40..<(start + 4) * 40]), exampleCount: 4).uCentered()
                }
            )
            sums.add(batch)
            ratios.append(batch.products[1] / (batch.products[0] * batch.products[2]).squareRoot())
        }
        let mean = ratios.reduce(0, +) / Double(ratios.count)
        let whole = try similarities(layers.map { try $0.uCentered() }).values[1]
        #expect(abs(mean - whole) > 0.1)
        #expect(abs(CKAMatrix(groups: [sums]).values[1] - whole) < 0.05)
    }

    /// Rounding a Gram matrix to BFloat16 shifts the result; activations in BFloat16 do much less harm.
    @Test func gramMatricesAreNeverFormedInHalfPrecision() throws {
        let (x, y, expected) = try self.layers(mean: 0)
        let rounded = try [x, y].map { layer in
            try uCentered(gram: uncenteredGram(layer.map { $0 + 5 }), exampleCount: 64, .bfloat16)
        }
        #expect(abs(similarities(rounded).values[1] - expected) > 0.01)
        let narrow = try [x, y].map { try $0.map { $0 + 5 }.uCentered(.bfloat16) }
        #expect(abs(similarities(narrow).values[1] - expected) < 0.01)
    }

    /// Two independent layers: where every batch is clamped at zero, so is the sum's sign.
    @Test func clampingAtZeroIsBiased() throws {
        var random = Random(seed: 52)
        var sums = HSICAccumulator(layerCount: 2)
        var clamped = 0.0
        for _ in 0..<400 {
            let batch = hsic(try (0..<2).map { _ in try Layer(random.normals(8 * 3), exampleCount: 8).uCentered() })
            sums.add(batch)
            clamped += max(0, batch.products[1])
        }
        let scale = (sums.products[0] * sums.products[2]).squareRoot()
        #expect(clamped / scale > 0.05)
        #expect(abs(CKAMatrix(groups: [sums]).values[1]) < 0.03)
    }

    /// Batches of one class each know nothing of what tells the classes apart.
    @Test func batchesSortedByClassMissTheClasses() throws {
        var random = Random(seed: 53)
        let classes = (0..<10).map { _ in random.normals(4).map { 3 * $0 } }
        func cka(classOf: (_ batch: Int, _ example: Int) -> Int) throws -> Double {
            var sums = HSICAccumulator(layerCount: 2)
            for batch in 0..<60 {
                let centers = (0..<16).flatMap { classes[classOf(batch, $0)] }
                sums.add(
                    hsic(
                        try (0..<2).map { _ in
                            try Layer(centers.map { $0 + random.normal() }, exampleCount: 16).uCentered()
                        }
                    )
                )
            }
            return CKAMatrix(groups: [sums]).values[1]
        }
        let mixed = try cka { batch, example in (7 * batch + 3 * example) % 10 }
        let sorted = try cka { batch, _ in batch % 10 }
        #expect(mixed > 0.7 && abs(sorted) < 0.05)
    }
}

/// The Gram matrix of activations as they are.
private func uncenteredGram(_ layer: Layer) -> [Double] {
    let n = layer.exampleCount
    return (0..<n * n).map { place in
        var sum = 0.0
        for feature in 0..<layer.featureCount {
            sum += layer[place / n, feature] * layer[place % n, feature]
        }
        return sum
    }
}

/// CKA by tr(KL) + 1ᵀK1·1ᵀL1/((n−1)(n−2)) − 2·1ᵀKL1/(n−2), everything in Float32 and without centring.
private func naiveTraceForm(_ x: Layer, _ y: Layer) -> Double {
    let n = x.exampleCount
    func gram(_ layer: Layer) -> [Float] {
        (0..<n * n).map { place in
            guard place / n != place % n else { return 0 }
            var sum: Float = 0
            for feature in 0..<layer.featureCount {
                sum += Float(layer[place / n, feature]) * Float(layer[place % n, feature])
            }
            return sum
        }
    }
    func hsic(_ k: [Float], _ l: [Float]) -> Float {
        var trace: Float = 0
        var cross: Float = 0
        for i in 0..<n {
            let row = i * n..<(i + 1) * n
            for place in row {
                trace += k[place] * l[place]
            }
            cross += k[row].reduce(0, +) * l[row].reduce(0, +)
        }
        let size = Float(n)
        return trace + k.reduce(0, +) * l.reduce(0, +) / ((size - 1) * (size - 2)) - 2 * cross / (size - 2)
    }
    let k = gram(x)
    let l = gram(y)
    return Double(hsic(k, l) / (hsic(k, k) * hsic(l, l)).squareRoot())
}
