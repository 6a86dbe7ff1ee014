import ArgumentParser
import Benchmarks
import LinearAlgebra
import WireFormat

/// Measures the engine on activations.
struct Engine: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "From activations in memory to a batch's products of all pairs of layers.",
        discussion: """
            The whole path: widening, centring, Gram matrices, U-centring, pairs. The floor is operations ÷ the rate of \
            cblas_sgemm (256 × 256 × 4096) with every core busy. A batch of L layers, n examples and p features takes \
            L n² p operations for the Gram matrices and L² n(n − 1)/2 for the pairs: of every symmetric product one \
            triangle, a multiplication and an addition for each step.
            """
    )

    @Argument(help: ArgumentHelp("Shapes, such as 50x256x4096: layers, examples, features.", valueName: "shape"))
    var shapes: [BatchShape] = [
        BatchShape(layers: 50, examples: 256, features: 4096),
        BatchShape(layers: 100, examples: 256, features: 2048),
        BatchShape(layers: 24, examples: 1024, features: 1024),
        BatchShape(layers: 50, examples: 128, features: 8192),
        BatchShape(layers: 200, examples: 64, features: 16384),
    ]

    @Option(name: .long, help: "How the numbers are stored: F16, BF16, F32 or F64. Can be repeated.")
    var dtype: [ElementType] = [.float32, .bfloat16, .float16]

    @Option(name: .long, help: "How many batches are with the engine at one time.")
    var inFlight = 1

    @OptionGroup var engine: EngineOptions
    @OptionGroup var report: ReportOptions

    func validate() throws {
        guard 1...64 ~= self.inFlight else { throw ValidationError("--in-flight is 1 to 64") }
    }

    func run() throws {
        let benchmark = try self.engine.benchmark(rounds: self.report.rounds, inFlight: self.inFlight)
        var rows: [BenchmarkRow] = []
        for shape in self.shapes {
            for type in self.dtype {
                rows.append(try benchmark.row("engine", shape, type))
            }
        }
        self.report.show(rows)
    }
}
