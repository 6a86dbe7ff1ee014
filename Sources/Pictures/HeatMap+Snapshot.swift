public import BlockStructure
public import Snapshots
internal import WireFormat

extension HeatMap {
    /// Creates a heat map of a snapshot's CKA values, with what they are of above them and what they cover as a caption.
    ///
    /// - Parameters:
    ///   - snapshot: The matrix and its header.
    ///   - blocks: The blocks to frame and to tell of, `nil` where none were sought.
    public init(_ snapshot: MatrixSnapshot, blocks: [BlockCandidate]? = nil) {
        self.init(
            layers: snapshot.layers,
            values: snapshot.cka,
            title: Self.title(of: snapshot.header),
            caption: Self.caption(of: snapshot.header),
            notes: blocks.map { BlockSentence.sentences(of: $0, layers: snapshot.layers) } ?? [],
            outlines: blocks?.map(\.layers) ?? []
        )
    }

    /// Where the matrix comes from, and how much is in it.
    private static func title(of header: SnapshotHeader) -> [String] {
        let window = header.window.map { "window \($0)" + (header.kind.map { " (\($0))" } ?? "") }
        let origin = [header.run, window, header.generation.map { "generation \($0)" }].compactMap(\.self)

        var content: [String] = []
        if let first = header.stepFirst, let last = header.stepLast {
            content.append(first == last ? "step \(first)" : "steps \(first)–\(last)")
        }
        content += [
            header.batches.map { "\($0) \($0 == 1 ? "batch" : "batches")" },
            header.examples.map { "\($0) \($0 == 1 ? "example" : "examples")" },
        ].compactMap(\.self)
        if header.kind == "pass", let isComplete = header.isComplete {
            content.append(isComplete ? "complete" : "incomplete")
        }
        return [origin, content].filter { !$0.isEmpty }.map { $0.joined(separator: " · ") }
    }

    /// What is missing, of the window and of the run.
    private static func caption(of header: SnapshotHeader) -> [String] {
        var coverage: [String] = []
        if let missing = header.missing {
            coverage.append("missing \(missing)")
        }
        if case .object(let accounting)? = header.accounting {
            var counts: [String] = []
            if case .object(let rejected)? = accounting["rejected"] {
                counts.append(Self.rejections(rejected))
            }
            for key in ["dropped", "lost"] {
                if case .integer(let count)? = accounting[key] {
                    counts.append("\(key) \(count)")
                }
            }
            if !counts.isEmpty {
                coverage.append("of the run: " + counts.joined(separator: ", "))
            }
        }
        var lines = coverage.isEmpty ? [] : [coverage.joined(separator: " · ")]

        let undefined = header.layers.filter { header.undefined[$0] != nil }
        if !undefined.isEmpty {
            let named = undefined.prefix(3).map { "\($0) (\(header.undefined[$0, default: ""]))" }
            let rest = undefined.count > named.count ? " and \(undefined.count - named.count) more" : ""
            lines.append("undefined: " + named.joined(separator: ", ") + rest)
        }
        return lines
    }

    /// How many batches were rejected, and why.
    private static func rejections(_ reasons: JSONObject) -> String {
        var total = 0
        var details: [String] = []
        for (reason, value) in reasons {
            guard case .integer(let count) = value, count > 0 else { continue }
            // The counts come from outside: a sum beyond the largest number must not end the program.
            total = total.addingReportingOverflow(count).overflow ? .max : total + count
            details.append("\(reason) \(count)")
        }
        return "rejected \(total)" + (details.isEmpty ? "" : " (\(details.joined(separator: ", ")))")
    }
}
