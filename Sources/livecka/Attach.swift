import ArgumentParser
import WireFormat

/// Starts listening to a live emitter.
struct Attach: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start listening to an emitter that has bound its socket."
    )

    @Argument(help: "Where the emitter listens, such as tcp://127.0.0.1:5580.")
    var endpoint: String

    @Option(name: .customLong("run"), help: ArgumentHelp("Hear only this run.", valueName: "run"))
    var runName: String?

    @OptionGroup var options: ControlOptions

    func run() throws {
        var arguments: JSONObject = ["endpoint": .string(self.endpoint)]
        arguments["run"] = self.runName.map { .string($0) }
        let (result, _) = try self.options.request("attach", arguments)
        print(self.options.json ? result.text : "attached to \(self.endpoint)")
    }
}
