import ArgumentParser
import Benchmarks
import LinearAlgebra

/// Measures what a daemon holds in memory.
struct Memory: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The resident memory of a daemon: over many batches, and under a flood.",
        discussion: """
            steady: many batches of 1 MB; resident after the first thousand and at the end, whose quotient is the \
            ratio. flood: three emitters of 200 MB batches, each dropping what the daemon cannot take, at \
            limits.memory 1 GiB; the ratio is limit ÷ peak, and `accounted` says whether every batch of every run is in \
            its account. Seconds are those between two batches that were accumulated.
            """
    )

    @Option(name: .long, help: "The number of batches of 1 MB.")
    var batches = 100_000

    @Option(name: .long, help: "The number of batches of 200 MB that each emitter of the flood attempts.")
    var floodBatches = 60

    @OptionGroup var engine: EngineOptions
    @OptionGroup var programs: ProgramOptions
    @Flag(name: .long, help: "Print the rows as JSON.")
    var json = false

    func validate() throws {
        guard self.batches >= 0, self.floodBatches >= 0 else { throw ValidationError("there are no negative batches") }
    }

    func run() throws {
        let benchmark = MemoryBenchmark(programs: try self.programs.programs, threadCount: self.engine.threadCount)
        var rows: [BenchmarkRow] = []
        if self.batches > 0 {
            rows.append(
                try benchmark.growthRow(
                    BatchShape(layers: 16, examples: 64, features: 256),
                    .float32,
                    count: self.batches,
                    settledCount: max(1, min(1000, self.batches / 2))
                )
            )
        }
        if self.floodBatches > 0 {
            rows.append(
                try benchmark.floodRow(
                    BatchShape(layers: 50, examples: 256, features: 4096),
                    .float32,
                    emitterCount: 3,
                    count: self.floodBatches,
                    limit: 1 << 30
                )
            )
        }
        BenchmarkReport(rows: rows).show(asJSON: self.json)
    }
}
