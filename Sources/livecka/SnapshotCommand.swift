import ArgumentParser
import Pictures
import Snapshots
import WireFormat

/// Saves the matrix of a run.
struct SnapshotCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot",
        abstract: "Save a run's matrix in a file.",
        discussion: """
            The file's name says the format: .safetensors (with the group sums, for those who go on computing), \
            .json, .csv, .svg or .png (with the blocks framed).
            """
    )

    @Argument(help: ArgumentHelp("The run.", valueName: "run"))
    var runName: String

    @OptionGroup var selection: WindowSelection

    @Option(name: .shortAndLong, help: "The file to write.")
    var output: String

    @OptionGroup var blockOptions: BlockOptions

    @OptionGroup var options: ControlOptions

    func run() throws {
        let format: SnapshotFormat
        do {
            format = try SnapshotFormat(path: self.output)
        } catch {
            throw ValidationError("\(error)")
        }
        let settings = try self.blockOptions.settings()
        let (header, snapshot) = try self.selection.snapshot(of: self.runName, through: self.options, withGroups: true)
        do {
            switch format {
            case .data: try snapshot.write(to: self.output, as: format)
            case .picture: try snapshot.write(to: self.output, as: format, blocks: snapshot.blocks(settings))
            }
        } catch {
            throw failure("\(error)")
        }
        print(self.options.json ? header.text : "wrote \(self.output)")
    }
}
