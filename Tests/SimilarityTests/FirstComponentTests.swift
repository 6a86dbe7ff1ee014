import Testing

@testable import Similarity

@Suite struct FirstComponentTests {
    /// Layers of *n* examples whose features have the given standard deviations.
    private static func layer(_ deviations: [Double], exampleCount n: Int, seed: UInt64) -> Layer {
        var random = Random(seed: seed)
        let p = deviations.count
        let normals = random.normals(n * p)
        return Layer((0..<n * p).map { normals[$0] * deviations[$0 % p] + 1 }, exampleCount: n)
    }

    /// One direction that carries about `share` of the trace, among many others.
    private static func dominated(share: Double, exampleCount n: Int, featureCount p: Int, seed: UInt64) -> Layer {
        let others = [Double](repeating: ((1 - share) / Double(p)).squareRoot(), count: p)
        return Self.layer([share.squareRoot()] + others, exampleCount: n, seed: seed)
    }

    private static func expect(
        _ gram: UCenteredGram,
        equals expected: ExpectedComponent,
        tolerance: Double,
        _ location: SourceLocation = #_sourceLocation
    ) {
        guard case .found(let component)? = gram.firstComponent else {
            Issue.record("no component where the gap is \(expected.gap)", sourceLocation: location)
            return
        }
        #expect(abs(component.eigenvalue / expected.eigenvalue - 1) < tolerance, sourceLocation: location)
        // The square of an angle: what layers have in common changes with the angle itself.
        #expect(1 - expected.alignment(with: component.vector) < 0.01 * tolerance, sourceLocation: location)
        #expect(abs(component.vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-12, sourceLocation: location)
        #expect(abs(component.vector.reduce(0, +)) < 1e-9, sourceLocation: location)
    }

    @Test(arguments: [4, 5, 7, 16, 33, 64], [ElementType.float32, .float64])
    func equalsAnIndependentEigenSolver(exampleCount n: Int, elementType: ElementType) throws {
        for seed in 1...6 as ClosedRange<UInt64> {
            for layer in [
                Self.dominated(share: 0.9, exampleCount: n, featureCount: 20, seed: seed),
                Self.dominated(share: 0.2, exampleCount: n, featureCount: 300, seed: seed),
                Self.layer([1, 1, 1], exampleCount: n, seed: seed),
                Self.layer([Double](repeating: 1, count: 40), exampleCount: n, seed: seed),
                Self.layer((0..<60).map { 1 / Double(1 + $0) }, exampleCount: n, seed: seed),
                Self.layer((0..<200).map { 1 / Double(1 + $0).squareRoot() }, exampleCount: n, seed: seed),
            ].map({ $0.stored(as: elementType) }) {
                let expected = ExpectedComponent(gram: layer.gram(), count: n)
                let gram = try layer.uCentered(elementType, withFirstComponent: true)
                if expected.gap > 0.0101 {
                    Self.expect(gram, equals: expected, tolerance: elementType == .float64 ? 1e-10 : 1e-6)
                } else if expected.gap < 0.0099 {
                    #expect(gram.firstComponent?.undefined == .noGap)
                }
            }
        }
    }

    @Test(arguments: [0.5, 0.1, 0.03, 0.0101, 0.0099, 0.003, 1e-5, 1e-13, 0], [6, 12, 40, 90])
    func gapOfOnePercentDecides(gap: Double, exampleCount n: Int) throws {
        for seed in 1...4 as ClosedRange<UInt64> {
            var values = (0..<n - 1).map { 0.9 * Double(n - $0) / Double(n) * (1 - gap) }
            values[0] = 1
            values[1] = 1 - gap
            let planted = Spectrum(values, seed: seed)
            let gram = try uCentered(gram: planted.matrix, exampleCount: n, withFirstComponent: true)
            guard gap > 0.01 else {
                #expect(gram.firstComponent?.undefined == .noGap)
                continue
            }
            guard case .found(let component)? = gram.firstComponent else {
                Issue.record("no component where the gap is \(gap)")
                continue
            }
            #expect(abs(component.eigenvalue - 1) < 1e-9)
            #expect(1 - planted.alignment(with: component.vector) < 1e-9)
        }
    }

    @Test(arguments: [2, 3, 5], [8, 30, 64])
    func largestEigenvalueThatComesOftenIsUndefined(multiplicity: Int, exampleCount n: Int) throws {
        for (place, other) in [0.9, 0.5, 0.01, 0].enumerated() {
            let values = (0..<n - 1).map { (rank: Int) -> Double in
                rank < multiplicity ? 1 : other * Double(n - rank) / Double(n)
            }
            let planted = Spectrum(values, seed: UInt64(place + 1))
            for elementType in [ElementType.float32, .float64] {
                let gram = try uCentered(
                    gram: planted.matrix,
                    exampleCount: n,
                    elementType,
                    withFirstComponent: true
                )
                #expect(gram.firstComponent?.undefined == .noGap)
            }
        }
    }

    /// What two layers share changes with the angle, and it is to be right to 1e-4.
    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func vectorIsRightToLessThanOneInTenThousand(seed: UInt64) throws {
        let n = 110
        let spectra: [(Double) -> Double] = [
            { $0 == 1 ? 1 : 0.985 - 0.9 * ($0 / Double(n)).squareRoot() },
            { 1 / $0.squareRoot() },
            { 1 / $0 },
        ]
        for spectrum in spectra {
            let planted = Spectrum((1..<n).map { spectrum(Double($0)) }, seed: seed)
            let gram = try uCentered(gram: planted.matrix, exampleCount: n, .float32, withFirstComponent: true)
            guard case .found(let component)? = gram.firstComponent else {
                Issue.record("no component")
                continue
            }
            #expect(1 - planted.alignment(with: component.vector) < 7e-5 * 7e-5)
        }
    }

    /// The second copy of the largest eigenvalue hides among many that are nearly as large.
    @Test(arguments: [ElementType.float32, .float64], 1...4 as ClosedRange<UInt64>)
    func largestEigenvalueThatComesTwiceInNoiseIsUndefined(elementType: ElementType, seed: UInt64) throws {
        let n = 128
        let values = (0..<n - 1).map { rank in rank < 2 ? 1 : 0.98 - 0.9 * (Double(rank) / Double(n)).squareRoot() }
        let gram = try uCentered(
            gram: Spectrum(values, seed: seed).matrix,
            exampleCount: n,
            elementType,
            withFirstComponent: true
        )
        #expect(gram.firstComponent?.undefined == .noGap)
    }

    @Test(arguments: [ElementType.float32, .float64])
    func squareOfExamplesHasTwoEqualDirections(elementType: ElementType) throws {
        let square = Layer([1, 1, 1, -1, -1, 1, -1, -1], exampleCount: 4)
        #expect(try square.uCentered(elementType, withFirstComponent: true).firstComponent?.undefined == .noGap)
        let rectangle = Layer([2, 1, 2, -1, -2, 1, -2, -1], exampleCount: 4)
        let gram = try rectangle.uCentered(elementType, withFirstComponent: true)
        Self.expect(gram, equals: ExpectedComponent(gram: rectangle.gram(), count: 4), tolerance: 1e-6)
    }

    @Test(arguments: ElementType.allCases, [4, 9, 200])
    func oneFeatureIsItsOwnComponentAndLeavesNothing(elementType: ElementType, exampleCount n: Int) throws {
        var random = Random(seed: 3)
        let layer = Layer(random.normals(n), exampleCount: n).stored(as: elementType)
        let gram = try layer.uCentered(elementType, withFirstComponent: true)
        guard case .found(let component)? = gram.firstComponent else {
            Issue.record("one feature has a component")
            return
        }
        #expect(component.rest == nil)
        #expect(abs(component.eigenvalue / gram.trace - 1) < 1e-6)
    }

    @Test(arguments: [ElementType.float32, .float64])
    func equalAndEquallyDistantExamplesHaveNone(elementType: ElementType) throws {
        let equal = Layer((0..<24).map { Double($0 % 3) }, exampleCount: 8)
        #expect(try equal.uCentered(elementType, withFirstComponent: true).firstComponent?.undefined == .constant)
        let oneHot = Layer((0..<36).map { $0 / 6 == $0 % 6 ? 1 : 0 }, exampleCount: 6)
        #expect(try oneHot.uCentered(elementType, withFirstComponent: true).firstComponent?.undefined == .noGap)
        let zero = [Double](repeating: 0, count: 64)
        let gram = try uCentered(gram: zero, exampleCount: 8, elementType, withFirstComponent: true)
        #expect(gram.firstComponent?.undefined == .constant)
    }

    @Test(arguments: [1e-150, 1e-30, 1, 1e30, 1e150])
    func scaleOfActivationsOnlyScalesTheEigenvalue(scale: Double) throws {
        let layer = Self.dominated(share: 0.8, exampleCount: 24, featureCount: 30, seed: 4)
        let expected = ExpectedComponent(gram: layer.gram(), count: 24)
        let gram = try layer.map { $0 * scale }.uCentered(.float64, withFirstComponent: true)
        guard case .found(let component)? = gram.firstComponent else {
            Issue.record("no component at scale \(scale)")
            return
        }
        #expect(abs(component.eigenvalue / scale / scale / expected.eigenvalue - 1) < 1e-10)
        #expect(1 - expected.alignment(with: component.vector) < 1e-10)
    }

    @Test(arguments: [1e-170, 1e170])
    func eigenvalueBeyondFloat64IsOutOfRange(scale: Double) throws {
        let layer = Self.dominated(share: 0.8, exampleCount: 10, featureCount: 30, seed: 4)
        let gram = try layer.map { $0 * scale }.uCentered(.float64, withFirstComponent: true)
        #expect(gram.firstComponent?.undefined == .outOfRange)
    }

    @Test func nobodyAskedNothingIsComputed() throws {
        let layer = Self.dominated(share: 0.8, exampleCount: 10, featureCount: 30, seed: 4)
        let with = try layer.uCentered(.float32, withFirstComponent: true)
        let without = try layer.uCentered(.float32)
        #expect(without.firstComponent == nil)
        #expect(without.byteCount == 45 * 4)
        #expect(with.byteCount == 2 * 45 * 4 + 10 * 8)
        #expect(hsic([with, without]).firstComponents == nil)
        #expect(hsic([with]).products == hsic([without]).products)
    }

    /// U-centred inner products of the rests, from explicit matrices.
    private static func restProduct(_ one: ExpectedComponent, _ other: ExpectedComponent, count n: Int) -> Double {
        songEtAlEquation5(one.rest, other.rest, exampleCount: n)
    }

    @Test(arguments: [(ElementType.float32, 1e-5), (.float64, 1e-6)])
    func batchEqualsTheDefinitions(elementType: ElementType, tolerance: Double) throws {
        for n in [8, 32, 64] {
            // All layers share directions, so that something is left in common.
            var random = Random(seed: 5)
            let common = random.normals(n * 12)
            let layers = [0.3, 0.9, 0.99, 0.9999].enumerated().map { place, share -> Layer in
                let noise = random.normals(n * 12)
                let (leading, other) = (share.squareRoot(), ((1 - share) / 11).squareRoot())
                let values = (0..<n * 12).map { index -> Double in
                    let value: Double = common[index] + 0.5 * Double(place) * noise[index]
                    return value * (index % 12 == 0 ? leading : other)
                }
                return Layer(values, exampleCount: n).stored(as: elementType)
            }
            let batch = hsic(try layers.map { try $0.uCentered(elementType, withFirstComponent: true) })
            let components = try #require(batch.firstComponents)
            let expected = layers.map { ExpectedComponent(gram: $0.gram(), count: n) }
            #expect(expected.allSatisfy { $0.gap > 0.01 })
            #expect(components.undefined == [nil, nil, nil, nil])
            var place = 0
            for i in layers.indices {
                #expect(abs(components.eigenvalues[i] / expected[i].eigenvalue - 1) < tolerance)
                for example in 0..<n {
                    let share = expected[i].vector[example] * expected[i].vector[example]
                    #expect(abs(Double(components.shares[i * n + example]) - share) < max(tolerance, 1e-6))
                }
                for j in i..<layers.count {
                    let alignment = expected[i].alignment(with: expected[j].vector)
                    #expect(abs(components.alignments[place] - alignment) < tolerance)
                    let product = Self.restProduct(expected[i], expected[j], count: n)
                    let scale =
                        (Self.restProduct(expected[i], expected[i], count: n)
                        * Self.restProduct(expected[j], expected[j], count: n)).squareRoot()
                    #expect(abs(components.restProducts[place] - product) < 10 * tolerance * scale)
                    place += 1
                }
            }
        }
    }

    @Test(arguments: [1e-2, 1e-3, 1e-4, 1e-5])
    func restKeepsItsDigitsWhereTheComponentCarriesNearlyAll(restShare: Double) throws {
        let n = 48
        let layers = [21, 22].map { (seed: UInt64) -> Layer in
            var random = Random(seed: 20)
            let common = random.normals(n * 31)
            var own = Random(seed: seed)
            let noise = own.normals(n * 31)
            let weight = (restShare / 2).squareRoot()
            let values = (0..<n * 31).map { (index: Int) -> Double in
                index % 31 == 0 ? common[index] * 3 : weight * (common[index] + noise[index])
            }
            return Layer(values, exampleCount: n).stored(as: .float32)
        }
        let expected = layers.map { ExpectedComponent(gram: $0.gram(), count: n) }
        let batch = hsic(try layers.map { try $0.uCentered(.float32, withFirstComponent: true) })
        let products = try #require(batch.firstComponents?.restProducts)
        let cosine = products[1] / products[0].squareRoot() / products[2].squareRoot()
        let truth = [(0, 1), (0, 0), (1, 1)].map { Self.restProduct(expected[$0.0], expected[$0.1], count: n) }
        #expect(abs(cosine - truth[0] / truth[1].squareRoot() / truth[2].squareRoot()) < 2e-5)
    }

    @Test func restBelowOneMillionthIsUndefined() throws {
        let n = 16
        for (rest, isDefined) in [(1e-5, true), (3e-6, true), (3e-7, false), (0, false)] {
            let values = (0..<n - 1).map { (place: Int) -> Double in
                place == 0 ? 1 : rest * (1 + 0.1 * Double(place)) / 10
            }
            let planted = Spectrum(values, seed: 8)
            let gram = try uCentered(gram: planted.matrix, exampleCount: n, withFirstComponent: true)
            guard case .found(let component)? = gram.firstComponent else {
                Issue.record("no component")
                continue
            }
            #expect((component.rest != nil) == isDefined)
        }
    }
}

/// A doubly centred matrix with given eigenvalues.
private struct Spectrum {
    let matrix: [Double]
    let leading: [Double]

    init(_ values: [Double], seed: UInt64) {
        let n = values.count + 1
        var random = Random(seed: seed)
        var basis: [[Double]] = [[Double](repeating: 1 / Double(n).squareRoot(), count: n)]
        while basis.count < n {
            var vector = random.normals(n)
            for _ in 0..<3 {
                for other in basis {
                    let along = zip(vector, other).reduce(0) { $0 + $1.0 * $1.1 }
                    vector = zip(vector, other).map { $0 - along * $1 }
                }
                let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
                vector = vector.map { $0 / length }
            }
            basis.append(vector)
        }
        var matrix = [Double](repeating: 0, count: n * n)
        for (value, vector) in zip(values, basis.dropFirst()) {
            for place in matrix.indices {
                matrix[place] += value * vector[place / n] * vector[place % n]
            }
        }
        self.matrix = matrix
        self.leading = basis[1]
    }

    func alignment(with vector: [Double]) -> Double {
        let cosine = zip(self.leading, vector).reduce(0) { $0 + $1.0 * $1.1 }
        return cosine * cosine
    }
}

extension FirstComponentFinding {
    fileprivate var undefined: UndefinedComponent? {
        if case .undefined(let reason) = self { reason } else { nil }
    }
}
