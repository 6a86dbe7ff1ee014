import Similarity

/// Activations as a test makes them: *n* rows of equal length.
struct Layer: Sendable {
    var values: [Double]
    let exampleCount: Int

    init(_ values: [Double], exampleCount: Int) {
        self.values = values
        self.exampleCount = exampleCount
    }

    var featureCount: Int { self.values.count / self.exampleCount }

    subscript(example: Int, feature: Int) -> Double { self.values[example * self.featureCount + feature] }

    func map(_ transform: (Double) -> Double) -> Layer {
        Layer(self.values.map(transform), exampleCount: self.exampleCount)
    }

    /// The layer as it is once stored in the given precision.
    func stored(as elementType: ElementType) -> Layer {
        self.map { value in
            switch elementType {
            case .float16: Double(Float16(value))
            case .bfloat16: Double(Float(bitPattern: Float(value).bitPattern & 0xffff_0000))
            case .float32: Double(Float(value))
            case .float64: value
            }
        }
    }

    /// The U-centred Gram matrix of the activations in the given precision, `offset` bytes from an aligned address.
    func uCentered(
        _ elementType: ElementType = .float64,
        offset: Int = 0,
        withFirstComponent: Bool = false
    ) throws -> UCenteredGram {
        var workspace = Workspace()
        return try withBytes(of: self.values, as: elementType, offset: offset) { bytes in
            try UCenteredGram(
                activations: bytes,
                elementType: elementType,
                exampleCount: self.exampleCount,
                featureCount: self.featureCount,
                withFirstComponent: withFirstComponent,
                workspace: &workspace
            )
        }
    }

    /// The Gram matrix of the centred activations, in Float64.
    func gram() -> [Double] {
        let n = self.exampleCount
        var centered = self.values
        for feature in 0..<self.featureCount {
            var sum = 0.0
            for example in 0..<n {
                sum += self[example, feature]
            }
            for example in 0..<n {
                centered[example * self.featureCount + feature] -= sum / Double(n)
            }
        }
        let layer = Layer(centered, exampleCount: n)
        return (0..<n * n).map { place in
            var sum = 0.0
            for feature in 0..<self.featureCount {
                sum += layer[place / n, feature] * layer[place % n, feature]
            }
            return sum
        }
    }
}

/// The U-centred form of a ready-made Gram matrix of *n* × *n* entries.
func uCentered(
    gram: [Double],
    exampleCount n: Int,
    _ elementType: ElementType = .float64,
    isPacked: Bool = false,
    offset: Int = 0,
    withFirstComponent: Bool = false
) throws -> UCenteredGram {
    var workspace = Workspace()
    let entries = isPacked ? (0..<n).flatMap { gram[$0 * n + $0..<($0 + 1) * n] } : gram
    return try withBytes(of: entries, as: elementType, offset: offset) { bytes in
        try UCenteredGram(
            gram: bytes,
            elementType: elementType,
            isPacked: isPacked,
            exampleCount: n,
            withFirstComponent: withFirstComponent,
            workspace: &workspace
        )
    }
}

/// All inner products of a batch.
func hsic(_ grams: [UCenteredGram]) -> BatchHSIC {
    var workspace = Workspace()
    return UCenteredBatch(grams: grams).hsic(workspace: &workspace)
}

/// The similarities of a single batch.
func similarities(_ grams: [UCenteredGram]) -> CKAMatrix {
    var sums = HSICAccumulator(layerCount: grams.count)
    sums.add(hsic(grams))
    return CKAMatrix(groups: [sums])
}

/// Calls a closure with numbers stored little-endian in the given precision.
func withBytes<Result>(
    of values: [Double],
    as elementType: ElementType,
    offset: Int = 0,
    _ body: (RawSpan) throws -> Result
) rethrows -> Result {
    var bytes = [UInt8](repeating: 0xa5, count: offset)
    for value in values {
        switch elementType {
        case .float16: bytes.append(littleEndian: Float16(value).bitPattern)
        case .bfloat16: bytes.append(littleEndian: UInt16(Float(value).bitPattern >> 16))
        case .float32: bytes.append(littleEndian: Float(value).bitPattern)
        case .float64: bytes.append(littleEndian: value.bitPattern)
        }
    }
    // SAFETY: Every byte is initialized.
    return try body(unsafe bytes.span.bytes.extracting(offset...))
}

extension [UInt8] {
    fileprivate mutating func append(littleEndian word: some FixedWidthInteger) {
        for shift in stride(from: 0, to: word.bitWidth, by: 8) {
            self.append(UInt8(truncatingIfNeeded: word >> shift))
        }
    }
}
