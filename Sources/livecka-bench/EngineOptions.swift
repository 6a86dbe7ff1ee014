public import ArgumentParser
public import Benchmarks
import Foundation
public import LinearAlgebra

/// The option that every benchmark of the engine takes.
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
}

extension BatchShape: ExpressibleByArgument {
    /// Reads a shape as `BatchShape` does.
    public init?(argument: String) {
        self.init(argument)
    }
}

extension ElementType: ExpressibleByArgument {}
