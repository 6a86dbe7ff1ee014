import ArgumentParser
import BlockStructure
import DaemonRuntime
import Settings
import Snapshots

/// How blocks are sought.
struct BlockOptions: ParsableArguments {
    @Option(
        name: .customLong("group"),
        help: ArgumentHelp(
            "Search only the layers whose names match this regular expression. May be given again, for more groups.",
            valueName: "expression"
        )
    )
    var groups: [String] = []

    @Option(
        name: .customLong("block-settings"),
        help: ArgumentHelp(
            "Take thresholds and groups from this configuration file. Default: the built-in ones.",
            valueName: "file"
        )
    )
    var settingsFile: String?

    func validate() throws {
        for group in self.groups {
            do {
                _ = try Regex(group)
            } catch {
                throw ValidationError("'\(group)' is not a regular expression")
            }
        }
    }

    /// The settings of the search.
    func settings() throws -> BlockStructureSettings {
        var settings = BlockStructureSettings()
        if let settingsFile {
            settings = try Settings.load(file: settingsFile).alerts.blockStructure
        }
        if !self.groups.isEmpty {
            settings.groups = self.groups
        }
        return settings
    }
}

extension MatrixSnapshot {
    /// Every interval of layers that may be a block, by some settings.
    func blockCandidates(_ settings: BlockStructureSettings) -> [BlockCandidate] {
        BlockFinder(settings, layers: self.layers).candidates(in: LayerSimilarities(self))
    }

    /// The blocks, by some settings.
    func blocks(_ settings: BlockStructureSettings) -> [BlockCandidate] {
        self.blockCandidates(settings).filter { $0.kind != nil }
    }
}
