import ArgumentParser
import Benchmarks
import Threads

/// A receiver in a process of its own.
struct Receive: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Receive messages and throw them away, for `ingest`.",
        shouldDisplay: false
    )

    @Argument(help: "Where to listen.")
    var endpoint: String

    func run() throws {
        // As the daemon does.
        runInBackground()
        try BareReceiver(endpoint: self.endpoint).run()
    }
}
