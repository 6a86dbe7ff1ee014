internal import CKernels

// The inner loops over the numbers of a message, with their bounds checked.
extension KernelScalar {
    /// Converts as many numbers of a message as `result` has room for and multiplies them by `scale`, a power of two.
    @specialized(where Self == Float)
    @specialized(where Self == Double)
    package static func convert(
        _ bytes: RawSpan,
        _ elementType: ElementType,
        scale: Double,
        to result: inout MutableSpan<Self>
    ) {
        precondition(bytes.byteCount >= result.count * elementType.byteCount)
        // SAFETY: The kernel reads and writes `result.count` numbers, and there are as many on both sides.
        unsafe bytes.withUnsafeBytes { bytes in
            unsafe result.withUnsafeMutableBufferPointer { result in
                unsafe kernel_convert(
                    self.elementType.kernelElement,
                    bytes.baseAddress,
                    elementType.kernelElement,
                    result.count,
                    scale,
                    result.baseAddress
                )
            }
        }
    }

    /// The largest magnitude among the numbers of a message; infinity or NaN where any of them is.
    @specialized(where Self == Float)
    @specialized(where Self == Double)
    package static func largestMagnitude(of bytes: RawSpan, _ elementType: ElementType) -> Double {
        // SAFETY: The kernel reads no more numbers than there are whole ones.
        unsafe bytes.withUnsafeBytes { bytes in
            unsafe kernel_largest_magnitude(
                self.elementType.kernelElement,
                bytes.baseAddress,
                elementType.kernelElement,
                bytes.count / elementType.byteCount
            )
        }
    }
}
