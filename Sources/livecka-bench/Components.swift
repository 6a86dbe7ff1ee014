import ArgumentParser
import Benchmarks

/// Measures first components.
struct Components: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What a layer's first component costs next to its Gram matrix.",
        discussion: """
            On one thread: finding the leading eigenpair, and the layer without it. SECONDS is what a layer takes \
            longer for its component, FLOOR what it takes without; cost_of_gram is the one ÷ the other, to be below \
            0.2. Three kinds of layers: one direction dominates, as in a block; the spectrum decays, as in most trained \
            layers; noise, where the leading direction hardly stands apart and most steps are needed.
            """
    )

    @Argument(help: ArgumentHelp("Shapes, such as 4x256x4096: layers, examples, features.", valueName: "shape"))
    var shapes: [BatchShape] = [
        BatchShape(layers: 4, examples: 64, features: 4096),
        BatchShape(layers: 4, examples: 256, features: 4096),
        BatchShape(layers: 4, examples: 1024, features: 1024),
    ]

    @OptionGroup var report: ReportOptions

    func validate() throws {
        guard self.shapes.allSatisfy({ $0.features != nil }) else {
            throw ValidationError("a shape needs features, such as 4x256x4096")
        }
    }

    func run() throws {
        let benchmark = ComponentBenchmark(rounds: self.report.rounds)
        var rows: [BenchmarkRow] = []
        for shape in self.shapes {
            for spectrum in ComponentBenchmark.Spectrum.allCases {
                rows.append(try benchmark.row(spectrum, shape))
            }
        }
        self.report.show(rows)
    }
}
