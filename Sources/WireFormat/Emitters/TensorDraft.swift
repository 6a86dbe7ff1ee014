internal import LinearAlgebra

/// An entry of a batch's `tensors` whose members are of the right type.
struct TensorDraft {
    /// What a shape comes to.
    struct Shape {
        let exampleCount: Int
        let payload: TensorDescription.Payload
        let elementCount: Int
    }

    private enum Kind: String {
        case activations, gram
    }

    /// The layer's name.
    let layer: String

    /// The layer's position, `nil` where it is that in the list.
    let index: Int?

    private let elementType: String
    private let kind: Kind
    private let isPacked: Bool
    private let dimensions: [JSONValue]

    /// Reads the members.
    ///
    /// - Throws: A rejection as malformed.
    init(_ value: JSONValue) throws(Rejection) {
        guard case .object(let object) = value else {
            throw .malformed("tensors is not a list of objects")
        }
        let fields = HeaderFields(object)
        guard let layer = try fields.name("layer") else {
            throw .malformed("layer is missing")
        }
        guard let dimensions = try fields.array("shape") else {
            throw .malformed("shape is missing")
        }
        for dimension in dimensions {
            switch dimension {
            case .integer(let number) where abs(Double(number)) <= Double(HeaderFields.largestNumber): break
            case .number(let number) where abs(number) <= Double(HeaderFields.largestNumber): break
            default: throw .malformed("shape is not a list of numbers up to 2^53")
            }
        }
        self.layer = layer
        self.dimensions = dimensions
        self.elementType = try fields.requiredString("dtype")
        self.index = try fields.integer("index")
        self.kind = try fields.word("kind") ?? .activations
        self.isPacked = try fields.bool("packed") ?? false
    }

    /// The type of the numbers.
    func resolveElementType() throws(Rejection) -> ElementType {
        guard let type = ElementType(rawValue: self.elementType) else {
            let known = ElementType.allCases.map(\.rawValue).joined(separator: ", ")
            throw Rejection(reason: .dtype, detail: "dtype is not one of \(known)")
        }
        return type
    }

    /// The number of examples, and what the numbers are.
    func resolveShape() throws(Rejection) -> Shape {
        let dimensions = self.dimensions.compactMap(\.exactInteger).filter { $0 > 0 }
        guard let first = dimensions.first, dimensions.count == self.dimensions.count else {
            throw .shape("shape is not a list of positive integers")
        }
        guard let elementCount = dimensions.product, !elementCount.multipliedReportingOverflow(by: 8).overflow else {
            throw .shape("the product of shape overflows")
        }
        switch (self.kind, self.isPacked) {
        case (.activations, _):
            let payload = TensorDescription.Payload.activations(featureCount: elementCount / first)
            return Shape(exampleCount: first, payload: payload, elementCount: elementCount)
        case (.gram, false):
            guard dimensions.count == 2, first == dimensions[1] else {
                throw .shape("a Gram matrix is n by n")
            }
            return Shape(exampleCount: first, payload: .gram(isPacked: false), elementCount: elementCount)
        case (.gram, true):
            guard dimensions.count == 1, let exampleCount = Self.triangleSide(elementCount) else {
                throw .shape("a packed Gram matrix has n(n+1)/2 numbers")
            }
            return Shape(exampleCount: exampleCount, payload: .gram(isPacked: true), elementCount: elementCount)
        }
    }

    /// The tensor, all of it resolved.
    func description(of shape: Shape, elementType: ElementType) -> TensorDescription {
        TensorDescription(
            layer: self.layer,
            elementType: elementType,
            exampleCount: shape.exampleCount,
            payload: shape.payload,
            index: self.index,
            byteCount: shape.elementCount * elementType.byteCount
        )
    }

    /// The *n* for which *n*(*n* + 1)/2 is a number, or `nil` where there is none.
    private static func triangleSide(_ count: Int) -> Int? {
        guard count <= 1 << 52 else { return nil }
        let side = Int((Double(8 * count + 1).squareRoot() - 1) / 2)
        return [side - 1, side, side + 1].first { $0 > 0 && $0 * ($0 + 1) / 2 == count }
    }
}

extension Rejection {
    fileprivate static func shape(_ detail: String) -> Rejection {
        Rejection(reason: .shape, detail: detail)
    }
}

extension [Int] {
    /// The product, or `nil` where it overflows.
    fileprivate var product: Int? {
        var product = 1
        for factor in self {
            let (next, overflow) = product.multipliedReportingOverflow(by: factor)
            guard !overflow else { return nil }
            product = next
        }
        return product
    }
}
