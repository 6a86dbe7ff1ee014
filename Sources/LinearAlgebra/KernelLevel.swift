internal import CKernels

/// A level of processors, for which there are kernels.
package enum KernelLevel: String, CaseIterable, Sendable {
    case baseline

    /// AVX2, FMA and F16C.
    case v3 = "x86-64-v3"

    /// AVX-512.
    case v4 = "x86-64-v4"

    /// The environment variable that names a lower level than the processor's own: to test, and to measure, what another
    /// machine would do.
    package static let variable = "LIVECKA_KERNELS"

    /// The level whose kernels are used.
    package static var current: KernelLevel {
        // SAFETY: The name is a literal.
        Self(name: unsafe String(cString: kernel_level_name()))
    }

    /// The level of the processor.
    package static var ofProcessor: KernelLevel {
        // SAFETY: The name is a literal.
        Self(name: unsafe String(cString: kernel_processor_level_name()))
    }

    private init(name: String) {
        guard let level = Self(rawValue: name) else { preconditionFailure("\(name) is no level") }
        self = level
    }
}
