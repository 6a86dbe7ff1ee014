internal import COpenBLAS
internal import Foundation
internal import LinearAlgebra

/// The kernels that OpenBLAS multiplies with.
///
/// It chooses them by the processor's model, when it is loaded. For a model that is newer than itself it takes those of
/// 2004, which would make a floor that is none: four times too low on an Emerald Rapids with Debian 12.
public enum ReferenceKernels {
    /// The environment variable that names the kernels that OpenBLAS is to take.
    private static let variable = "OPENBLAS_CORETYPE"

    /// Those that are in use, by the name of the processor that they were written for.
    public static var name: String {
        // SAFETY: The library returns a literal.
        unsafe String(cString: openblas_get_corename())
    }

    /// Starts the process anew where OpenBLAS does not know the processor, with kernels for its vectors.
    ///
    /// What the environment names stays. To be called first: nothing that the process has done is left.
    public static func matchProcessor() {
        // SAFETY: No thread but this one looks at the environment: OpenBLAS's own threads wait for products.
        guard unsafe getenv(self.variable) == nil,
            let better = self.kernels(insteadOf: self.name, on: .ofProcessor),
            let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"),
            unsafe setenv(self.variable, better, 1) == 0
        else { return }
        // SAFETY: The strings are terminated, as is the array of them; without success they are not freed, once.
        var arguments = unsafe CommandLine.arguments.map { unsafe strdup($0) } + [nil]
        unsafe execv(program, &arguments)
    }

    /// Kernels for a processor that OpenBLAS has taken lesser ones for; `nil` where they are good enough.
    static func kernels(insteadOf name: String, on level: KernelLevel) -> String? {
        switch level {
        case .baseline: nil
        case .v3: self.withAVX2.contains(name) ? nil : "Haswell"
        case .v4: self.withAVX2.contains(name) ? nil : "SkylakeX"
        }
    }

    /// Kernels for processors with AVX2 or more.
    ///
    /// Those without AVX-512 stay on a processor that has it: OpenBLAS has chosen them for a model that it knows, such
    /// as Zen 4, whose units are half as wide.
    private static let withAVX2: Set = ["Cooperlake", "Excavator", "Haswell", "SapphireRapids", "SkylakeX", "Zen"]
}
