public import LinearAlgebra

/// How large the batches of a benchmark are.
public struct BatchShape: Hashable, Sendable {
    /// The number of layers, *L*.
    public let layers: Int

    /// The number of examples, *n*.
    public let examples: Int

    /// The number of features, *p*; `nil` where a layer's packed Gram matrix is sent instead.
    public let features: Int?

    /// Creates a shape.
    ///
    /// - Precondition: All numbers are positive, and there are at least 4 examples.
    public init(layers: Int, examples: Int, features: Int?) {
        precondition(layers > 0 && examples > 3 && features ?? 1 > 0, "\(layers) × \(examples) is no batch")
        self.layers = layers
        self.examples = examples
        self.features = features
    }

    /// Reads `LAYERSxEXAMPLESxFEATURES`, or `LAYERSxEXAMPLES` for Gram matrices; `nil` for any other text.
    public init?(_ text: String) {
        let parts = text.split(separator: "x", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { Int($0) }
        guard 2...3 ~= parts.count, numbers.count == parts.count, numbers.allSatisfy({ $0 > 0 }), numbers[1] > 3 else {
            return nil
        }
        self.init(layers: numbers[0], examples: numbers[1], features: numbers.count == 3 ? numbers[2] : nil)
    }

    /// The bytes of a batch's tensors.
    public func byteCount(_ elementType: ElementType) -> Int {
        let numbers = self.features.map { self.examples * $0 } ?? self.examples * (self.examples + 1) / 2
        return self.layers * numbers * elementType.byteCount
    }
}

extension BatchShape: CustomStringConvertible {
    /// The text that ``init(_:)`` reads.
    public var description: String {
        [self.layers, self.examples, self.features].compactMap { $0.map(String.init) }.joined(separator: "x")
    }
}

// MARK: Operations

extension BatchShape {
    /// The floating-point operations of the Gram matrices: *L n² p*.
    ///
    /// Of each symmetric matrix one triangle is computed: *n²*/2 entries, each *p* multiplications and additions. None
    /// where the Gram matrices are sent.
    public var gramOperationCount: Double {
        Double(self.layers) * Double(self.examples) * Double(self.examples) * Double(self.features ?? 0)
    }

    /// The floating-point operations of the products of all pairs of layers: *L²* · *n*(*n* − 1)/2.
    ///
    /// Of the symmetric matrix of products one triangle is computed: *L²*/2 entries, each *n*(*n* − 1)/2
    /// multiplications and additions.
    public var pairOperationCount: Double {
        Double(self.layers) * Double(self.layers) * Double(self.examples) * Double(self.examples - 1) / 2
    }

    /// The floating-point operations that a batch takes at least.
    public var operationCount: Double { self.gramOperationCount + self.pairOperationCount }
}
