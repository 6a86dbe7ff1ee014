import Similarity
import Testing

/// Sums, similarities and standard errors against an independent reference in NumPy.
@Suite struct ReferenceValueTests {
    private let fixture: Fixture

    init() throws {
        self.fixture = try Fixture.load()
    }

    /// How a batch reaches the daemon, and how exactly it can be computed from that.
    enum Form: CaseIterable {
        case activations64, square64, packed64, activations32, packed32

        var tolerance: Double {
            switch self {
            case .activations64, .square64, .packed64: 1e-12
            case .activations32, .packed32: 1e-5
            }
        }

        func uCentered(_ layer: Layer) throws -> UCenteredGram {
            switch self {
            case .activations64: try layer.uCentered(.float64)
            case .square64: try gram(layer, .float64, isPacked: false)
            case .packed64: try gram(layer, .float64, isPacked: true)
            case .activations32: try layer.uCentered(.float32)
            case .packed32: try gram(layer, .float32, isPacked: true)
            }
        }

        private func gram(_ layer: Layer, _ elementType: ElementType, isPacked: Bool) throws -> UCenteredGram {
            try SimilarityTests.uCentered(
                gram: layer.gram(),
                exampleCount: layer.exampleCount,
                elementType,
                isPacked: isPacked
            )
        }
    }

    @Test(arguments: Form.allCases)
    func wavesHaveTheReferencesSimilarities(form: Form) throws {
        for wave in self.fixture.waves {
            let batches = try self.batches(of: wave, in: form)
            let layerCount = self.fixture.widths.count
            let groups = batches.map { batch in
                var group = HSICAccumulator(layerCount: layerCount)
                group.add(batch)
                return group
            }
            let matrix = CKAMatrix(groups: groups)
            let weight = groups.reduce(0) { $0 + $1.weight }
            for place in matrix.values.indices {
                // Relative to the two self terms: a product may be close to zero.
                let (row, column) = place.quotientAndRemainder(dividingBy: layerCount)
                let selfTerms = wave.products[row * layerCount + row] * wave.products[column * layerCount + column]
                let difference = matrix.hsic[place] * weight - wave.products[place]
                #expect(abs(difference) <= form.tolerance * selfTerms.squareRoot())
                #expect(abs(matrix.values[place] - wave.cka[place]) <= form.tolerance)
                if let standardErrors = wave.standardErrors {
                    #expect(abs(matrix.standardErrors[place] - standardErrors[place]) <= form.tolerance)
                } else {
                    #expect(matrix.standardErrors[place].isNaN)
                }
            }
        }
    }

    @Test func forgettingHasTheReferencesSimilarities() throws {
        for wave in self.fixture.waves {
            guard let expected = wave.decayed else { continue }
            var sums = HSICAccumulator(layerCount: self.fixture.widths.count)
            for batch in try self.batches(of: wave, in: .activations64) {
                sums.scale(by: 0.9)
                sums.add(batch)
            }
            let matrix = CKAMatrix(groups: [sums])
            #expect(zip(matrix.values, expected).allSatisfy { abs($0 - $1) <= 1e-12 })
        }
    }

    /// google-research, representation_similarity/Demo.ipynb: "debiased linear CKA 0.51346".
    @Test(arguments: [ElementType.float32, .float64])
    func publishedValueIsReproduced(elementType: ElementType) throws {
        let published = self.fixture.published
        let matrix = try similarities([
            Layer(published.x, exampleCount: 100).uCentered(elementType),
            Layer(published.y, exampleCount: 100).uCentered(elementType),
        ])
        #expect(abs(matrix.values[1] - published.cka) <= 0.000_005)
    }

    private func batches(of wave: Fixture.Wave, in form: Form) throws -> [BatchHSIC] {
        try wave.sizes.indices.map { batch in
            hsic(try self.fixture.batch(batch, of: wave).map { try form.uCentered($0) })
        }
    }
}
