/// A precision that Gram matrices are computed in: `Float` or `Double`.
package protocol KernelScalar: BinaryFloatingPoint, BitwiseCopyable, Sendable {
    /// How messages name numbers of this type.
    static var elementType: ElementType { get }

    /// The diagonal entries of a Gram matrix around which nothing over- or underflows: neither the entries nor, in
    /// Float64, the sum of their squares.
    static var safeDiagonal: ClosedRange<Double> { get }
}

extension Float: KernelScalar {
    package static var elementType: ElementType { .float32 }

    package static var safeDiagonal: ClosedRange<Double> { 1e-25...1e35 }
}

extension Double: KernelScalar {
    package static var elementType: ElementType { .float64 }

    package static var safeDiagonal: ClosedRange<Double> { 1e-120...1e120 }
}

/// What centring features finds out on the way.
package struct FeatureSummary: Sendable {
    /// The sum of the features' squared means.
    package internal(set) var squaredMeans = 0.0

    /// Whether any centred entry differs from zero.
    package internal(set) var varies = false
}
