/// The largest magnitude among the numbers of a message; infinity or NaN where any of them is.
///
/// - Complexity: O(*n*) for *n* numbers.
package func largestMagnitude(of bytes: RawSpan, elementType: ElementType) -> Double {
    switch elementType {
    case .float64: Double.largestMagnitude(of: bytes, elementType)
    case .float16, .bfloat16, .float32: Float.largestMagnitude(of: bytes, elementType)
    }
}
