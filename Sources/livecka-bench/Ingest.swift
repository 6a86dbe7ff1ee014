import ArgumentParser
import Benchmarks
import LinearAlgebra

/// Measures what a daemon costs beyond receiving and computing.
struct Ingest: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The processor time of a daemon for each batch that it is sent.",
        discussion: """
            Seconds are processor seconds of all threads, not time on the clock. A process of its own emits, over tcp \
            and ipc. The floor is what a ZeroMQ receiver that throws the messages away takes, in a process of its \
            own, and what the engine takes for the same batches in memory: both together. sharing_seconds is what the \
            two take at the same time, on the same cores.
            """
    )

    @Argument(help: ArgumentHelp("Shapes, such as 50x256x4096: layers, examples, features.", valueName: "shape"))
    var shapes: [BatchShape] = [
        BatchShape(layers: 50, examples: 256, features: 4096),
        BatchShape(layers: 50, examples: 256, features: 256),
        BatchShape(layers: 50, examples: 256, features: nil),
    ]

    @Option(name: .long, help: "How the numbers are stored: F16, BF16, F32 or F64. Can be repeated.")
    var dtype: [ElementType] = [.float32]

    @OptionGroup var engine: EngineOptions
    @OptionGroup var programs: ProgramOptions
    @OptionGroup var report: ReportOptions

    func run() throws {
        let benchmark = IngestBenchmark(
            programs: try self.programs.programs,
            threadCount: self.engine.threadCount,
            rounds: self.report.rounds
        )
        var rows: [BenchmarkRow] = []
        for shape in self.shapes {
            for type in self.dtype {
                for transport in IngestBenchmark.Transport.allCases {
                    rows.append(try benchmark.row(shape, type, over: transport))
                }
            }
        }
        self.report.show(rows)
    }
}
