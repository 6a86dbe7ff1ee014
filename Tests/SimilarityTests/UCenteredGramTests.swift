import Testing

@testable import Similarity

@Suite struct UCenteredGramTests {
    @Test(arguments: [4, 5, 16, 33, 64])
    func innerProductsEqualSongEtAl(exampleCount n: Int) throws {
        var random = Random(seed: 1)
        let layers = [7, 1, 40].map { Layer(random.normals(n * $0).map { $0 + 2 }, exampleCount: n) }
        let batch = hsic(try layers.map { try $0.uCentered() })
        let grams = layers.map { $0.gram() }
        let expected = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)].map { i, j in
            songEtAlEquation5(grams[i], grams[j], exampleCount: n)
        }
        let scales = [0, 3, 5].map { expected[$0].squareRoot() }
        for (place, (i, j)) in [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)].enumerated() {
            #expect(abs(batch.products[place] - expected[place]) <= 1e-12 * scales[i] * scales[j])
        }
        for (layer, gram) in grams.enumerated() {
            let trace = (0..<n).reduce(0) { $0 + gram[$1 * (n + 1)] }
            #expect(abs(batch.traces[layer] - trace) <= 1e-13 * trace)
        }
    }

    @Test(arguments: [ElementType.float32, .float64])
    func rowsSumToZeroAndTheSquaresToTheNorm(elementType: ElementType) throws {
        var random = Random(seed: 2)
        let n = 31
        let gram = try Layer(random.normals(n * 9), exampleCount: n).uCentered(elementType)
        let entries: [Double] =
            switch gram.entries {
            case .single(let entries): entries.array.map { Double($0) }
            case .double(let entries): entries.array
            }
        var rows = [Double](repeating: 0, count: n)
        var place = 0
        for i in 0..<n {
            for j in i + 1..<n {
                rows[i] += entries[place]
                rows[j] += entries[place]
                place += 1
            }
        }
        let tolerance = elementType == .float64 ? 1e-14 : 1e-6
        let norm = gram.norm / gram.unit
        #expect((0.1...2).contains(norm))
        #expect(rows.allSatisfy { abs($0) < tolerance })
        #expect(abs(2 * entries.reduce(0) { $0 + $1 * $1 } / (norm * norm) - 1) < tolerance)
        #expect(gram.byteCount == n * (n - 1) / 2 * max(4, elementType.byteCount))
    }

    @Test(arguments: ElementType.allCases, [(4, 3), (17, 31), (40, 300)])
    func narrowPrecisionsLoseOnlyWhatTheyStore(elementType: ElementType, shape: (n: Int, p: Int)) throws {
        var random = Random(seed: 3)
        let layer = Layer(random.normals(shape.n * shape.p).map { $0 + 1 }, exampleCount: shape.n)
        expectClose(try layer.uCentered(elementType, offset: 1), try layer.stored(as: elementType).uCentered(), 1e-6)
    }

    @Test(arguments: [0.0, 1, 10, 100, 1000, 10_000], [1e-30, 1e-15, 1e-3, 1, 1e3, 1e15, 1e30])
    func neitherMeansNorScalesMatter(mean: Double, scale: Double) throws {
        var random = Random(seed: 4)
        for (n, p) in [(4, 6), (32, 50)] {
            let layer = Layer(random.normals(n * p).map { ($0 + mean) * scale }, exampleCount: n)
            expectClose(try layer.uCentered(.float32), try layer.stored(as: .float32).uCentered(.float64), 1e-6)
        }
    }

    @Test(arguments: [(4, 1), (1024, 1), (1024, 8), (4, 200_000), (9, 50_000), (256, 300)])
    func shapesFromOneFeatureToManyAgreeInBothPrecisions(n: Int, p: Int) throws {
        var random = Random(seed: 5)
        let layer = Layer(random.uniforms(n * p), exampleCount: n)
        expectClose(try layer.uCentered(.float32), try layer.stored(as: .float32).uCentered(.float64), 3e-6)
    }

    @Test(arguments: [1e-305, 1e-200, 1e-80, 1, 1e80, 1e200, 1e307])
    func anyFiniteScaleOfFloat64IsCentered(scale: Double) throws {
        var random = Random(seed: 6)
        let layer = Layer(random.normals(12 * 7), exampleCount: 12)
        let scaled = layer.map { ($0 * scale).isFinite ? $0 * scale : 0 }
        let unit = scaled.map { $0 / scale }
        let actual = try scaled.uCentered()
        let expected = try unit.uCentered()
        // The norm is the only part that the scale may take out of range.
        #expect(!actual.isConstant)
        #expect(
            actual.norm == 0 || actual.norm == .infinity || abs(actual.norm / scale / scale / expected.norm - 1) < 1e-12
        )
    }

    @Test func subnormalFloat32IsCentered() throws {
        var random = Random(seed: 7)
        let layer = Layer(random.normals(8 * 5).map { $0 * 1e-41 }, exampleCount: 8)
        expectClose(try layer.uCentered(.float32), try layer.stored(as: .float32).uCentered(.float64), 1e-6)
    }

    @Test func outlyingExampleDoesNotDrownTheOthers() throws {
        var random = Random(seed: 8)
        var layer = Layer(random.normals(6 * 40), exampleCount: 6)
        layer.values[3] = 1e6
        expectClose(try layer.uCentered(.float32), try layer.stored(as: .float32).uCentered(.float64), 1e-5)
    }

    @Test(arguments: ElementType.allCases, [Double.nan, .infinity, -.infinity])
    func nonFiniteNumbersAreFoundAnywhere(elementType: ElementType, value: Double) {
        let n = 5
        let p = 23
        for place in 0..<n * p {
            var layer = Layer((0..<n * p).map { Double($0 % 7) }, exampleCount: n)
            layer.values[place] = value
            #expect(throws: NonFiniteError.self) { try layer.uCentered(elementType, offset: 1) }
        }
        for place in 0..<n * n {
            var gram = Layer((0..<n * p).map { Double($0 % 7) }, exampleCount: n).gram()
            gram[place] = value
            #expect(throws: NonFiniteError.self) { try uCentered(gram: gram, exampleCount: n, elementType) }
            if place / n <= place % n {
                #expect(throws: NonFiniteError.self) {
                    try uCentered(gram: gram, exampleCount: n, elementType, isPacked: true)
                }
            }
        }
    }

    @Test(arguments: ElementType.allCases, [0, 0.1, -3, 1000])
    func equalExamplesAreConstant(elementType: ElementType, value: Double) throws {
        for n in [4, 7, 1024] {
            let gram = try Layer((0..<n * 3).map { Double($0 % 3) + value }, exampleCount: n).uCentered(elementType)
            #expect(gram.isConstant && gram.norm == 0 && gram.trace == 0 && gram.byteCount == 0)
        }
    }

    @Test(arguments: [
        (ElementType.float32, 3e-7, true), (.float32, 3e-6, false), (.float64, 3e-15, true), (.float64, 3e-14, false),
    ])
    func whatIsLeftOfNearlyEqualExamplesIsRounding(elementType: ElementType, noise: Double, isConstant: Bool) throws {
        var random = Random(seed: 9)
        let layer = Layer(random.normals(64 * 32).map { 1 + noise * $0 }, exampleCount: 64)
        #expect(try layer.uCentered(elementType).isConstant == isConstant)
    }

    @Test(arguments: [true, false])
    func readyMadeMatrixThatUCenteringUndoesIsConstant(isPacked: Bool) throws {
        let n = 10
        // kᵢⱼ = i + j is nothing but rows and columns.
        let gram = (0..<n * n).map { Double($0 / n + $0 % n) }
        for elementType in ElementType.allCases {
            #expect(try uCentered(gram: gram, exampleCount: n, elementType, isPacked: isPacked).isConstant)
        }
        let zero = [Double](repeating: 0, count: n * n)
        #expect(try uCentered(gram: zero, exampleCount: n, isPacked: isPacked).isConstant)
    }

    @Test(arguments: [ElementType.float32, .float64])
    func equallyDistantExamplesHaveNoNormButATrace(elementType: ElementType) throws {
        let n = 6
        let oneHot = Layer((0..<n * n).map { $0 / n == $0 % n ? 1 : 0 }, exampleCount: n)
        let gram = try oneHot.uCentered(elementType)
        #expect(gram.norm == 0 && !gram.isConstant)
        #expect(abs(gram.trace - Double(n - 1)) < 1e-6)
    }

    @Test(arguments: [ElementType.float32, .float64], [1e-30, 1, 1e30])
    func readyMadeMatricesEqualActivations(elementType: ElementType, scale: Double) throws {
        var random = Random(seed: 10)
        let layer = Layer(random.normals(14 * 5), exampleCount: 14)
        let gram = layer.gram().map { $0 * scale }
        let expected = try layer.uCentered()
        for isPacked in [true, false] {
            let actual = try uCentered(gram: gram, exampleCount: 14, elementType, isPacked: isPacked, offset: 1)
            let tolerance = elementType == .float64 ? 1e-12 : 1e-6
            #expect(abs(actual.norm / scale / expected.norm - 1) < tolerance)
            #expect(abs(actual.trace / scale / expected.trace - 1) < tolerance)
            #expect(abs(similarities([actual, expected]).values[1] - 1) < tolerance)
        }
    }

    /// As far as Float64 goes; the last digits are lost where it stores fewer.
    @Test(arguments: [(0x1p-1063, 1e-2), (0x1p-1030, 1e-11), (1e-300, 1e-12), (1e300, 1e-12)])
    func readyMadeMatricesMayBeOfAnyScale(scale: Double, tolerance: Double) throws {
        var random = Random(seed: 14)
        let layer = Layer(random.normals(14 * 5), exampleCount: 14)
        let gram = layer.gram().map { $0 * scale }
        let expected = try layer.uCentered()
        for isPacked in [true, false] {
            let actual = try uCentered(gram: gram, exampleCount: 14, isPacked: isPacked)
            #expect(abs(actual.norm / scale / expected.norm - 1) < tolerance)
            let product = hsic([actual, expected]).products[1] / scale
            #expect(abs(product / expected.norm / expected.norm - 1) < tolerance)
        }
    }

    /// Next to a diagonal that tells nothing.
    @Test func readyMadeMatrixOfNextToNothingIsConstant() throws {
        for diagonal in [1.0, 1e-302, 1e300] {
            let products: [Int] = (0..<36).map { ($0 / 6) * ($0 % 6) }
            var gram = products.map { Double($0) * 1e-9 * diagonal }
            for example in 0..<6 { gram[example * 7] = diagonal }
            for isPacked in [true, false] {
                #expect(try uCentered(gram: gram, exampleCount: 6, isPacked: isPacked).isConstant)
            }
        }
    }

    /// What is the same for all examples is most of the matrix, and U-centring takes it away.
    @Test(arguments: [10, 1e3, 1e5])
    func readyMadeMatricesMayHaveAMean(mean: Double) throws {
        var random = Random(seed: 13)
        let layer = Layer(random.normals(14 * 5), exampleCount: 14)
        let gram = layer.gram().map { $0 + mean }
        let expected = try layer.uCentered(withFirstComponent: true)
        for isPacked in [true, false] {
            for (elementType, precision) in [(ElementType.float64, 1e-13), (.float32, 2e-7)] {
                let actual = try uCentered(
                    gram: gram,
                    exampleCount: 14,
                    elementType,
                    isPacked: isPacked,
                    offset: 1,
                    withFirstComponent: true
                )
                let tolerance = mean * precision
                #expect(abs(actual.norm / expected.norm - 1) < tolerance)
                #expect(abs(similarities([actual, expected]).values[1] - 1) < tolerance)
                guard case .found(let component)? = actual.firstComponent,
                    case .found(let other)? = expected.firstComponent
                else {
                    Issue.record("There is no first component")
                    return
                }
                #expect(abs(component.eigenvalue / other.eigenvalue - 1) < 10 * tolerance)
                let cosine = zip(component.vector, other.vector).reduce(0) { $0 + $1.0 * $1.1 }
                #expect(abs(cosine * cosine - 1) < 10 * tolerance)
            }
        }
    }

    @Test func workspaceServesOneBatchAfterAnother() throws {
        var random = Random(seed: 11)
        var workspace = Workspace()
        #expect(workspace.byteCount == 0)
        for (n, p) in [(40, 90), (4, 3), (60, 5)] {
            let layer = Layer(random.normals(n * p), exampleCount: n)
            let reused = try withBytes(of: layer.values, as: .float32) { bytes in
                try UCenteredGram(
                    activations: bytes,
                    elementType: .float32,
                    exampleCount: n,
                    featureCount: p,
                    workspace: &workspace
                )
            }
            #expect(reused.norm == (try layer.uCentered(.float32)).norm)
        }
        #expect(workspace.byteCount > 0)
    }

    @Test func threadsDoNotDisturbEachOther() async throws {
        var random = Random(seed: 12)
        let layers = (0..<6).map { _ in Layer(random.normals(48 * 700), exampleCount: 48) }
        let alone = try layers.map { try $0.uCentered(.float32).norm }
        let together = try await withThrowingTaskGroup(of: [Double].self) { group in
            for _ in 0..<8 {
                group.addTask { try layers.map { try $0.uCentered(.float32).norm } }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(together.allSatisfy { $0 == alone })
    }

    @Test func threeExamplesTrap() async {
        await #expect(processExitsWith: .failure) {
            _ = try Layer([1, 2, 3], exampleCount: 3).uCentered()
        }
    }

    /// Expects the same norm, trace and direction.
    private func expectClose(_ actual: UCenteredGram, _ expected: UCenteredGram, _ tolerance: Double) {
        #expect(abs(actual.norm / expected.norm - 1) < tolerance)
        #expect(abs(actual.trace / expected.trace - 1) < tolerance)
        #expect(abs(similarities([actual, expected]).values[1] - 1) < tolerance)
    }
}
