internal import CKernels

/// How the numbers of a tensor are stored; all of them little-endian.
public enum ElementType: String, CaseIterable, Sendable {
    /// IEEE 754 half precision.
    case float16 = "F16"

    /// The upper half of an IEEE 754 single-precision number.
    case bfloat16 = "BF16"

    /// IEEE 754 single precision.
    case float32 = "F32"

    /// IEEE 754 double precision.
    case float64 = "F64"

    /// The size of one number.
    public var byteCount: Int {
        switch self {
        case .float16, .bfloat16: 2
        case .float32: 4
        case .float64: 8
        }
    }

    /// The name that the kernels know it by.
    var kernelElement: kernel_element {
        switch self {
        case .float16: KERNEL_F16
        case .bfloat16: KERNEL_BF16
        case .float32: KERNEL_F32
        case .float64: KERNEL_F64
        }
    }
}
