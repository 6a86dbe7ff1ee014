import ArgumentParser
import Benchmarks
import LinearAlgebra

/// Measures the engine on Gram matrices.
struct Pairs: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "From Gram matrices in memory to a batch's products of all pairs of layers.",
        discussion: """
            Two rows for each shape: `pairs` is the whole path through the engine, U-centring included; \
            `pairs-product` is the product of all pairs alone, each core with a batch of its own. The floor of both is \
            the product's L² n(n − 1)/2 operations ÷ the rate of cblas_sgemm (256 × 256 × 4096) with every core busy.
            """
    )

    @Argument(help: ArgumentHelp("Shapes, such as 200x256: layers, examples.", valueName: "shape"))
    var shapes: [BatchShape] = [
        BatchShape(layers: 50, examples: 256, features: nil),
        BatchShape(layers: 200, examples: 256, features: nil),
        BatchShape(layers: 1000, examples: 64, features: nil),
    ]

    @Option(name: .long, help: "How the numbers are stored: F16, BF16, F32 or F64. Can be repeated.")
    var dtype: [ElementType] = [.float32]

    @OptionGroup var engine: EngineOptions
    @OptionGroup var report: ReportOptions

    func run() throws {
        // The product of a batch is one thread's work, so a batch for each thread keeps all of them busy.
        let benchmark = try self.engine.benchmark(
            rounds: self.report.rounds,
            inFlight: min(self.engine.threadCount, 64)
        )
        var rows: [BenchmarkRow] = []
        for shape in self.shapes {
            for type in self.dtype {
                rows.append(try benchmark.row("pairs", shape, type))
                rows.append(try benchmark.productRow("pairs-product", shape, type))
            }
        }
        self.report.show(rows)
    }
}
