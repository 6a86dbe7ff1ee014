import ArgumentParser
import BlockStructure
import Pictures
import Settings
import Snapshots
import WireFormat

/// Finds the blocks of a saved matrix.
struct Blocks: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Find the blocks of a saved matrix.",
        discussion: """
            FILE is a .safetensors or .json snapshot, or one from elsewhere that has at least `cka`, a square matrix. \
            Standard errors come from the `groups` of a .safetensors snapshot; without them the strength alone decides. \
            Without `dominance` a block is `contiguous` at most. Needs no daemon.
            """
    )

    @Argument(help: "The saved matrix.")
    var file: String

    @OptionGroup var blockOptions: BlockOptions

    @OptionGroup var options: ControlOptions

    func run() throws {
        let settings = try self.blockOptions.settings()
        let snapshot: MatrixSnapshot
        do {
            snapshot = try MatrixSnapshot(contentsOf: self.file)
        } catch {
            let reason = error.description.contains(self.file) ? "\(error)" : "\(self.file): \(error)"
            throw failure("\(reason); `livecka snapshot RUN -o FILE.safetensors` saves one")
        }
        let candidates = snapshot.blockCandidates(settings)
        let blocks = candidates.filter { $0.kind != nil }
        guard !self.options.json else {
            print(JSONValue.array(blocks.map { .object($0.json(layers: snapshot.layers)) }).text)
            return
        }
        for expression in settings.groups where !snapshot.layers.contains(where: expression.matches) {
            print("No layer matches \(expression)")
        }
        for sentence in BlockSentence.sentences(of: blocks, layers: snapshot.layers) {
            print(sentence)
        }
        if let nearest = candidates.max(by: { $0.strength ?? 0 < $1.strength ?? 0 }), blocks.isEmpty {
            let needed = "a block needs \(settings.enter)" + (nearest.standardError == nil ? "" : " after its error")
            print("Nearest to one: \(BlockSentence.figures(of: nearest, layers: snapshot.layers)); \(needed)")
        }
        if snapshot.groups == nil {
            print("The file has no `groups`: no standard errors, the strength alone decides")
        }
        if snapshot.header.dominance.allSatisfy(\.isNaN) {
            print("The file has no `dominance`: a block is contiguous at most")
        }
    }
}

extension String {
    /// Whether this regular expression matches any part of a name.
    fileprivate func matches(_ name: String) -> Bool {
        (try? Regex(self)).map { name.contains($0) } ?? false
    }
}

extension BlockCandidate {
    /// The figures as the command prints them, undefined ones as `null`.
    fileprivate func json(layers: [String]) -> JSONObject {
        var object: JSONObject = [
            "first": .integer(self.layers.lowerBound),
            "last": .integer(self.layers.upperBound),
            "names": .array(self.members.map { .string(layers[$0]) }),
            "kind": self.kind.map { .string($0.rawValue) } ?? .null,
            "strength": self.strength.map { .number($0) } ?? .null,
            "stderr": self.standardError.map { .number($0) } ?? .null,
            "corner": .number(self.corner),
            "dominance": self.dominance.map { .number($0) } ?? .null,
        ]
        if let group {
            object["group"] = .string(group)
        }
        return object
    }
}
