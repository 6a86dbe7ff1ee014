internal import LinearAlgebra

/// An entry of a batch's `tensors` whose members are all there and of the right type.
///
/// Whether its type is known and its shape makes sense is for later: other reasons come first.
struct TensorDraft {
    private enum Kind: String {
        case activations, gram
    }

    /// The layer's name.
    let layer: String

    /// The layer's position, `nil` where it is that in the list.
    let index: Int?

    /// The number of examples as far as the shape says it, even where the shape is wrong in another way.
    let exampleCount: Int?

    /// The length that the frame should have, `nil` where it is more than an `Int` or cannot be told.
    let byteCount: Int?

    private let elementTypeName: String
    private let elementType: ElementType?
    private let kind: Kind
    private let isPacked: Bool
    private let dimensions: [Int]?
    private let elementCount: Int?

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
        guard let shape = try fields.array("shape") else {
            throw .malformed("shape of layer \(layer.quoted) is missing")
        }
        guard !shape.contains(where: \.isNumberOutOfRange) else {
            throw .malformed("shape of layer \(layer.quoted) has a number over 2^53")
        }
        let kind: Kind = try fields.word("kind") ?? .activations
        let isPacked = try fields.bool("packed") ?? false
        guard kind == .gram || !isPacked else {
            throw .malformed("layer \(layer.quoted) is packed and no Gram matrix")
        }
        self.layer = layer
        self.elementTypeName = try fields.requiredString("dtype")
        self.elementType = ElementType(rawValue: self.elementTypeName)
        self.index = try fields.integer("index")
        self.kind = kind
        self.isPacked = isPacked

        let dimensions = shape.compactMap(\.exactInteger).filter { $0 > 0 }
        self.dimensions = dimensions.isEmpty || dimensions.count < shape.count ? nil : dimensions
        self.elementCount = self.dimensions?.product
        self.byteCount =
            if let elementCount = self.elementCount, let type = self.elementType {
                [elementCount, type.byteCount].product
            } else {
                nil
            }
        self.exampleCount =
            switch (kind, isPacked) {
            case (.activations, _): shape.first?.exactInteger.flatMap { $0 > 0 ? $0 : nil }
            case (.gram, false): dimensions.count == 2 && dimensions[0] == dimensions[1] ? dimensions[0] : nil
            case (.gram, true): dimensions.count == 1 ? Self.triangleSide(dimensions[0]) : nil
            }
    }

    /// The type of the numbers.
    ///
    /// - Throws: A rejection for an unknown type.
    func resolveElementType() throws(Rejection) -> ElementType {
        guard let type = self.elementType else {
            let known = ElementType.allCases.map(\.rawValue).joined(separator: ", ")
            let detail = "layer \(self.layer.quoted) has dtype \(self.elementTypeName.quoted), not one of \(known)"
            throw Rejection(reason: .dtype, detail: detail)
        }
        return type
    }

    /// The tensor, all of it resolved.
    ///
    /// - Throws: A rejection for a shape that makes no sense.
    func resolve(elementType: ElementType) throws(Rejection) -> TensorDescription {
        guard let dimensions = self.dimensions else {
            throw self.wrongShape("is no list of positive integers")
        }
        guard let elementCount = self.elementCount, let byteCount = self.byteCount else {
            throw self.wrongShape("overflows when multiplied")
        }
        guard let exampleCount = self.exampleCount else {
            throw self.wrongShape(self.isPacked ? "is no n(n+1)/2" : "is not n by n")
        }
        let payload: TensorDescription.Payload =
            switch self.kind {
            case .activations: .activations(featureCount: elementCount / dimensions[0])
            case .gram: .gram(isPacked: self.isPacked)
            }
        return TensorDescription(
            layer: self.layer,
            elementType: elementType,
            exampleCount: exampleCount,
            payload: payload,
            index: self.index,
            byteCount: byteCount
        )
    }

    private func wrongShape(_ problem: String) -> Rejection {
        Rejection(reason: .shape, detail: "the shape of layer \(self.layer.quoted) \(problem)")
    }

    /// The *n* for which *n*(*n* + 1)/2 is a number, or `nil` where there is none.
    ///
    /// The square root of a number up to 2⁵⁶ is off by less than one, so *n* is one of three.
    private static func triangleSide(_ count: Int) -> Int? {
        guard 1...HeaderFields.largestNumber ~= count else { return nil }
        let guess = Int((Double(8 * count + 1).squareRoot() - 1) / 2)
        return [guess - 1, guess, guess + 1].first { $0 * ($0 + 1) / 2 == count }
    }
}

extension JSONValue {
    /// Whether this is a number beyond ±2⁵³, where doubles begin to skip integers.
    fileprivate var isNumberOutOfRange: Bool {
        switch self {
        case .integer(let integer): integer.magnitude > UInt(HeaderFields.largestNumber)
        case .number(let number): number.magnitude > Double(HeaderFields.largestNumber)
        default: false
        }
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
