import ArgumentParser
import Benchmarks
import LinearAlgebra

/// Measures how soon a matrix is out.
struct Latency: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "From the last byte of a batch sent to its matrix received by a subscriber.",
        discussion: """
            Four rows: on an otherwise idle machine; beside a second run that streams batches of 200 MB as fast as they \
            are taken; and twice with eight alerts that fire and change with every batch, while nobody listens at \
            Alertmanager's port (down), and while it takes connections and never answers (silent). Batches come \
            further apart than publish.interval, which is 10 ms here, so that each change goes out at once; the matrix \
            is that of the last window to go out. The floor is the time of the engine alone. from_send counts from the \
            moment the emitter begins to send.
            """
    )

    @Argument(
        help: ArgumentHelp("The shape: layers, examples, and features unless Grams are sent.", valueName: "shape")
    )
    var shape = BatchShape(layers: 50, examples: 256, features: nil)

    @Option(name: .long, help: "The shape of the batches of the second run.")
    var neighbour = BatchShape(layers: 50, examples: 256, features: 4096)

    @Option(name: .long, help: "The number of batches that are measured.")
    var batches = 300

    @OptionGroup var engine: EngineOptions
    @OptionGroup var programs: ProgramOptions
    @Flag(name: .long, help: "Print the rows as JSON.")
    var json = false

    func validate() throws {
        guard self.batches > 0 else { throw ValidationError("--batches must be at least 1") }
        guard self.shape.layers > AlertmanagerOutage.ruleCount else {
            throw ValidationError("a shape needs more than \(AlertmanagerOutage.ruleCount) layers for the alerts")
        }
    }

    func run() throws {
        let benchmark = LatencyBenchmark(
            programs: try self.programs.programs,
            threadCount: self.engine.threadCount,
            count: self.batches
        )
        let rows =
            try [nil, self.neighbour].map { try benchmark.row(self.shape, .float32, beside: $0) }
            + AlertmanagerOutage.allCases.map { try benchmark.row(self.shape, .float32, during: $0) }
        BenchmarkReport(rows: rows).show(asJSON: self.json)
    }
}
