import ArgumentParser
import DaemonRuntime
import Threads

/// The command `livecka`.
@main
struct LiveckaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "livecka",
        abstract: "Watches the similarity of a network's layers while it trains.",
        discussion: """
            Start the daemon with `livecka serve`, add the emitter to a training script, and look with \
            `livecka watch RUN`. Every number says what it covers; what is not known is null.
            """,
        version: Daemon.version,
        subcommands: [
            Serve.self,
            CheckConfig.self,
            Attach.self,
            Detach.self,
            Status.self,
            Runs.self,
            Show.self,
            Watch.self,
            SnapshotCommand.self,
            Blocks.self,
            Alerts.self,
        ]
    )

    /// Runs the command that the arguments name.
    static func main() async {
        // Now, while there is one thread: those to come inherit it. For the other commands a person waits.
        if CommandLine.arguments.dropFirst().first == "serve" {
            runInBackground()
        }
        keepFreeMemory()
        await self.main(nil)
    }
}
