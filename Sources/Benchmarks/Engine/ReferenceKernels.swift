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

    /// How often each is tried, in turn: a disturbance of one is none of the others, and the best counts.
    private static let roundCount = 2

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
            if environment[self.openBLASVariable] != chosen {
                self.startAnew(benchmark, with: chosen, in: environment)
            }
            return
        }
        let others = self.candidates(besides: self.name, on: .ofProcessor)
        guard !others.isEmpty else { return }
        var rates: [String: Double] = [:]
        for _ in 0..<self.roundCount {
            for name in [self.name] + others {
                rates[name] = max(rates[name] ?? 0, try self.rate(of: name, benchmark: benchmark))
            }
        }
        if let fastest = self.fastest(rates, inUse: self.name) {
            self.startAnew(benchmark, with: fastest, in: environment)
        }
    }

    /// Starts the process anew; without success it goes on as it is.
    private static func startAnew(_ benchmark: URL, with name: String, in environment: [String: String]) {
        let settings = environment.merging([self.variable: name, self.openBLASVariable: name]) { $1 }
        // SAFETY: The strings are terminated, as are the arrays of them; without success they are not freed, once.
        var arguments = unsafe CommandLine.arguments.map { unsafe strdup($0) } + [nil]
        var variables = unsafe settings.map { unsafe strdup("\($0)=\($1)") } + [nil]
        unsafe execve(benchmark.path, &arguments, &variables)
    }

    /// The operations per second of a process that multiplies with some kernels.
    private static func rate(of name: String, benchmark: URL) throws -> Double {
        let process = try ChildProcess(benchmark, ["multiply"], environment: [self.openBLASVariable: name])
        let line = try process.nextLine()
        guard let rate = Double(line) else { throw ChildProcess.Failure(description: "\(line) is no rate") }
        return rate
    }

    /// What else OpenBLAS has for the vectors of a processor of a level.
    static func candidates(besides name: String, on level: KernelLevel) -> [String] {
        let names =
            switch level {
            case .baseline: [String]()
            case .v3: ["Haswell"]
            case .v4: ["Haswell", "SkylakeX"]
            }
        return names.filter { $0 != name }
    }

    /// The kernels with the highest rate; `nil` where those in use are as good.
    static func fastest(_ rates: [String: Double], inUse name: String) -> String? {
        guard let fastest = rates.max(by: { $0.value < $1.value }), fastest.value > self.leastGain * (rates[name] ?? 0)
        else { return nil }
        return fastest.key
    }
}
