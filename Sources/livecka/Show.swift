import ArgumentParser
import Foundation
import Pictures
import Snapshots
import WireFormat
import ZeroMQ

/// Draws the matrix of a run.
struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Draw a run's CKA matrix in the terminal, with the blocks that are in it."
    )

    @Argument(help: ArgumentHelp("The run.", valueName: "run"))
    var runName: String

    @OptionGroup var selection: WindowSelection

    @OptionGroup var blockOptions: BlockOptions

    @OptionGroup var options: ControlOptions

    func run() throws {
        let settings = try self.blockOptions.settings()
        let (header, snapshot) = try self.selection.snapshot(
            of: self.runName,
            through: self.options,
            withGroups: !self.options.json
        )
        guard !self.options.json else {
            print(header.text)
            return
        }
        let terminal = Terminal()
        print(
            HeatMap(snapshot, blocks: snapshot.blocks(settings)).terminalPicture(
                columns: terminal.columns,
                rows: terminal.rows - 1,
                capability: terminal.capability
            )
        )
    }
}

/// Which matrix of a run is meant.
struct WindowSelection: ParsableArguments {
    @Option(name: .long, help: "The window. Default: the first of the settings that holds something.")
    var window: String?

    @Option(name: .long, help: "The step that the window must hold.")
    var step: Int?

    /// Asks the daemon for the matrix.
    func snapshot(
        of run: String,
        through options: ControlOptions,
        withGroups: Bool = false
    ) throws -> (header: JSONValue, snapshot: MatrixSnapshot) {
        var arguments: JSONObject = ["run": .string(run)]
        arguments["window"] = self.window.map { .string($0) }
        arguments["step"] = self.step.map { .integer($0) }
        if withGroups {
            arguments["groups"] = true
            arguments["pc1"] = true
        }
        let (result, frames) = try options.request("snapshot", arguments)
        do {
            return (result, try MatrixSnapshot(controlReply: result.object, frames: frames.map(\.bytes)))
        } catch {
            throw failure("\(error)")
        }
    }
}
