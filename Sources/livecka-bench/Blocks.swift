import ArgumentParser
import Benchmarks

/// Measures the search for blocks.
struct Blocks: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "From the sums of a window's groups to its blocks, with their standard errors.",
        discussion: """
            On one core, with eight groups. The floor is reading all sums once. `within` says whether a search takes no \
            longer than it may: 0.2 ms for 16 layers, 0.7 for 64, 4 for 256 and 60 for 1000.
            """
    )

    @Argument(help: "Numbers of layers.")
    var layers = [16, 64, 256, 1000]

    @OptionGroup var report: ReportOptions

    private static let bounds = [16: 0.0002, 64: 0.0007, 256: 0.004, 1000: 0.06]

    func validate() throws {
        guard self.layers.allSatisfy({ 5...10_000 ~= $0 }) else { throw ValidationError("layers are 5 to 10000") }
    }

    func run() throws {
        let benchmark = BlocksBenchmark(rounds: self.report.rounds)
        self.report.show(self.layers.map { benchmark.row(layerCount: $0, bound: Self.bounds[$0]) })
    }
}
