public import ArgumentParser
public import Benchmarks
import Foundation
public import LinearAlgebra

/// What every benchmark of the engine takes.
struct EngineOptions: ParsableArguments {
    @Option(name: .long, help: "The number of worker threads; 0 is one for each core.")
    var threads = 0

    func validate() throws {
        guard 0...1024 ~= self.threads else { throw ValidationError("--threads is 0 to 1024") }
    }

    /// The number of worker threads.
    var threadCount: Int {
        self.threads == 0 ? ProcessInfo.processInfo.activeProcessorCount : self.threads
    }

    /// A benchmark whose floor is what the machine can do.
    ///
    /// - Parameters:
    ///   - rounds: The number of rounds.
    ///   - inFlight: How many batches are with the engine at one time.
    /// - Returns: The benchmark; the process may start anew on the way.
    /// - Throws: An error where this program cannot be run once more.
    func benchmark(rounds: Int, inFlight: Int) throws -> EngineBenchmark {
        try ReferenceKernels.useFastest(benchmark: ProgramOptions.benchmark)
        return EngineBenchmark(threadCount: self.threadCount, rounds: rounds, inFlight: inFlight)
    }
}

extension BatchShape: ExpressibleByArgument {
    /// Reads a shape as `BatchShape` does.
    public init?(argument: String) {
        self.init(argument)
    }
}

extension ElementType: ExpressibleByArgument {}
