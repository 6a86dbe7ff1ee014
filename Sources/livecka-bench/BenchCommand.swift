import ArgumentParser
import Benchmarks
import Threads

/// The command `livecka-bench`.
@main
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "livecka-bench",
        abstract: "Measures LiveCKA next to what the machine can do at best.",
        discussion: """
            Every figure stands next to its floor, measured in the same run, alternating with it; both are medians of \
            several rounds. The ratio is floor ÷ measured, so 1 is perfect. Run it on a machine that does nothing else.
            """,
        subcommands: [
            Engine.self,
            Pairs.self,
            Components.self,
            Blocks.self,
            Ingest.self,
            Latency.self,
            Memory.self,
            Receive.self,
            Emit.self,
            Multiply.self,
        ]
    )

    /// Runs the command that the arguments name, with memory as the daemon has it.
    static func main() {
        keepFreeMemory()
        self.main(nil)
    }
}
