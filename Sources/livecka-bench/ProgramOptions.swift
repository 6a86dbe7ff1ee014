import ArgumentParser
import Benchmarks
import Foundation

/// The option that every benchmark of a whole daemon takes.
struct ProgramOptions: ParsableArguments {
    @Option(name: .long, help: "The daemon's program. Default: livecka in the directory of this program.")
    var livecka: String?

    /// The file of this program.
    static var benchmark: URL { URL(filePath: "/proc/self/exe").resolvingSymlinksInPath() }

    /// The programs.
    ///
    /// - Throws: A validation error where the daemon's is not there.
    var programs: BenchmarkPrograms {
        get throws {
            let livecka =
                self.livecka.map { URL(filePath: $0) }
                ?? Self.benchmark.deletingLastPathComponent().appending(path: "livecka")
            guard FileManager.default.isExecutableFile(atPath: livecka.path) else {
                throw ValidationError("no program is at \(livecka.path); build it, or name it with --livecka")
            }
            return BenchmarkPrograms(livecka: livecka, benchmark: Self.benchmark)
        }
    }
}
