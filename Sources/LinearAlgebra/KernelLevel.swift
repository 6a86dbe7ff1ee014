internal import CKernels

/// The level of the processor whose kernels are used.
package enum KernelLevel {
    /// The environment variable that names a lower level than the processor's own: to test, and to measure, what another
    /// machine would do.
    package static let variable = "LIVECKA_KERNELS"

    /// `baseline`, `x86-64-v3` (AVX2) or `x86-64-v4` (AVX-512).
    package static var current: String {
        // SAFETY: The name is a literal.
        unsafe String(cString: kernel_level_name())
    }
}
