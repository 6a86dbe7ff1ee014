import ArgumentParser
import Benchmarks
import WireFormat

/// The options that every benchmark takes, and how it shows what it found.
struct ReportOptions: ParsableArguments {
    @Flag(name: .long, help: "Print the rows as JSON.")
    var json = false

    @Option(name: .long, help: "The number of rounds, of which the medians count.")
    var rounds = 7

    func validate() throws {
        guard self.rounds > 0 else { throw ValidationError("--rounds must be at least 1") }
    }

    /// Prints the rows.
    func show(_ rows: [BenchmarkRow]) {
        BenchmarkReport(rows: rows).show(asJSON: self.json)
    }
}

extension BenchmarkReport {
    /// Prints the rows, as a table or as JSON.
    func show(asJSON: Bool) {
        print(asJSON ? self.json.text : self.table)
    }
}
