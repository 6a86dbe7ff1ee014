internal import COpenBLAS
public import Foundation
internal import LinearAlgebra

/// The kernels that OpenBLAS multiplies with.
///
/// It chooses them by the processor's model, when it is loaded, or takes those that `OPENBLAS_CORETYPE` names. For a model
/// that is newer than itself it chooses kernels of 2004: with Debian 12, a quarter of the rate of an Emerald Rapids. And
/// the variable may be set for all programs of a machine, to kernels that multiply half as fast as others would. Either
/// makes a floor that is none.
public enum ReferenceKernels {
    /// The environment variable that OpenBLAS looks at.
    private static let openBLASVariable = "OPENBLAS_CORETYPE"

    /// The environment variable that names the kernels of the floor; where it is not set, the fastest are found.
    private static let variable = "LIVECKA_SGEMM"

    /// How much faster others must be to be taken: less is the machine's noise.
    private static let leastGain = 1.03

    /// Those that are in use, by the name of the processor that they were written for.
    public static var name: String {
        // SAFETY: The library returns a literal.
        unsafe String(cString: openblas_get_corename())
    }

    /// Starts the process anew with the kernels that are fastest here, unless they are in use.
    ///
    /// To be called first: nothing that the process has done is left.
    ///
    /// - Parameter benchmark: The file of this program, which has the mode `multiply`.
    /// - Throws: An error where that cannot be run.
    public static func useFastest(benchmark: URL) throws {
        let environment = ProcessInfo.processInfo.environment
        if let chosen = environment[self.variable] {
            guard environment[self.openBLASVariable] != chosen else { return }
            self.startAnew(benchmark, with: chosen)
        } else {
            let others = self.candidates(besides: self.name, on: .ofProcessor)
            let rates = try ([self.name] + others).map { try self.rate(of: $0, benchmark: benchmark) }
            if let fastest = self.fastest(of: others, rates: Array(rates.dropFirst()), own: rates[0]) {
                self.startAnew(benchmark, with: fastest)
            }
        }
    }

    /// Starts the process anew; without success it goes on as it is.
    private static func startAnew(_ benchmark: URL, with name: String) {
        // SAFETY: No thread but this one looks at the environment: OpenBLAS's own threads wait for products. The strings
        // are terminated, as is the array of them; without success they are not freed, once.
        unsafe setenv(self.variable, name, 1)
        unsafe setenv(self.openBLASVariable, name, 1)
        var arguments = unsafe CommandLine.arguments.map { unsafe strdup($0) } + [nil]
        unsafe execv(benchmark.path, &arguments)
    }

    /// The operations per second of a process that multiplies with some kernels.
    private static func rate(of name: String, benchmark: URL) throws -> Double {
        let process = try ChildProcess(benchmark, ["multiply"], environment: [self.openBLASVariable: name])
        let line = try process.nextLine()
        guard let rate = Double(line) else { throw ChildProcess.Failure(description: "\(line) is no rate") }
        return rate
    }

    /// What else OpenBLAS has for a processor of a level.
    static func candidates(besides name: String, on level: KernelLevel) -> [String] {
        let names =
            switch level {
            case .baseline: [String]()
            case .v3: ["Haswell"]
            case .v4: ["Haswell", "SkylakeX"]
            }
        return names.filter { $0 != name }
    }

    /// The fastest of some kernels; `nil` where OpenBLAS's own choice is as good.
    static func fastest(of names: [String], rates: [Double], own: Double) -> String? {
        let fastest = zip(names, rates).max { $0.1 < $1.1 }
        guard let fastest, fastest.1 > own * self.leastGain else { return nil }
        return fastest.0
    }
}
