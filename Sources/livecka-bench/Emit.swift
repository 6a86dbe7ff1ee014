import ArgumentParser
import Benchmarks
import LinearAlgebra
import WireFormat

/// An emitter in a process of its own.
struct Emit: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Send made-up batches, for the benchmarks of a whole daemon.",
        shouldDisplay: false
    )

    @Argument(help: "Where to connect to.")
    var endpoint: String

    @Argument(help: "The batches' shape.")
    var shape: BatchShape

    @Argument(help: "How the numbers are stored.")
    var dtype: ElementType

    @Option(name: .customLong("run"), help: "The run.")
    var name: String

    func run() throws {
        guard let run = RunID(self.name) else { throw ValidationError("\(self.name) is no name of a run") }
        try EmitterProgram(SyntheticBatch(self.shape, self.dtype, run: run), to: self.endpoint).run()
    }
}
