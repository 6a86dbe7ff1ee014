import ArgumentParser
import WireFormat

/// Stops listening to a live emitter.
struct Detach: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop listening to an emitter. Its matrices stay."
    )

    @Argument(help: "The endpoint that was attached to.")
    var endpoint: String

    @OptionGroup var options: ControlOptions

    func run() throws {
        let (result, _) = try self.options.request("detach", ["endpoint": .string(self.endpoint)])
        print(self.options.json ? result.text : "detached from \(self.endpoint)")
    }
}
