import Similarity
import Testing

@Suite struct UCenteredBatchTests {
    @Test func precisionsMixInOneBatch() throws {
        var random = Random(seed: 21)
        let layers = (0..<8).map { Layer(random.normals(20 * ($0 + 2)).map { $0 + 1 }, exampleCount: 20) }
        let types = ElementType.allCases + ElementType.allCases
        let mixed = similarities(try zip(layers, types).map { try $0.uCentered($1) })
        let exact = similarities(try zip(layers, types).map { try $0.stored(as: $1).uCentered() })
        #expect(zip(mixed.values, exact.values).allSatisfy { abs($0 - $1) < 1e-6 })
        // Where both layers are Float64, so is their product.
        #expect(abs(mixed.values[3 * 8 + 7] - exact.values[3 * 8 + 7]) < 1e-15)
    }

    @Test func oneLayerIsSimilarToItself() throws {
        var random = Random(seed: 22)
        let batch = hsic([try Layer(random.normals(9 * 4), exampleCount: 9).uCentered()])
        #expect(batch.products.count == 1 && batch.products[0] > 0)
    }

    @Test func fiveHundredLayersEqualTheirPairs() throws {
        var random = Random(seed: 23)
        let layers = (0..<500).map { _ in Layer(random.uniforms(6 * 3), exampleCount: 6) }
        let grams = try layers.map { try $0.uCentered(.float32) }
        let matrix = similarities(grams)
        for (i, j) in [(0, 1), (0, 499), (17, 300), (498, 499)] {
            #expect(abs(matrix.values[i * 500 + j] - similarities([grams[i], grams[j]]).values[1]) < 1e-6)
            #expect(matrix.values[i * 500 + j] == matrix.values[j * 500 + i])
        }
    }

    @Test func constantLayerContributesExactlyZero() throws {
        var random = Random(seed: 24)
        let grams = try [
            Layer(random.normals(10 * 3), exampleCount: 10),
            Layer([Double](repeating: 0.1, count: 10 * 3), exampleCount: 10),
            Layer(random.normals(10 * 3), exampleCount: 10),
        ].map { try $0.uCentered(.float32) }
        let batch = hsic(grams)
        #expect(batch.isConstant == [false, true, false])
        #expect([1, 3, 4].allSatisfy { batch.products[$0] == 0 } && batch.traces[1] == 0)
        let rest = hsic([grams[0], grams[2]])
        #expect([batch.products[0], batch.products[2], batch.products[5]] == rest.products)
    }

    @Test func onlyConstantLayersAreABatchToo() throws {
        let constant = try Layer([1, 1, 1, 1], exampleCount: 4).uCentered()
        #expect(hsic([constant, constant]).products == [0, 0, 0])
    }
}
