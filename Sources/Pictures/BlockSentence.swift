public import BlockStructure

/// Blocks in a reader's words.
///
///     Block structure: layers b06.out–b40.out (35 of 41), strength 0.26 ± 0.01, dominance 0.62
public enum BlockSentence {
    /// A sentence for each block, or one that there is none.
    ///
    /// - Parameters:
    ///   - blocks: The blocks; candidates without a kind are passed over.
    ///   - layers: The names of all layers.
    /// - Returns: Sentences without control characters, whatever the names hold.
    public static func sentences(of blocks: [BlockCandidate], layers: [String]) -> [String] {
        let sentences = blocks.compactMap { block in
            block.kind.map { self.sentence(of: block, kind: $0, layers: layers) }
        }
        return sentences.isEmpty ? ["No block structure"] : sentences
    }

    /// What a candidate is, whether it is a block or not, such as `layers b06–b40 (35 of 41), strength 0.09 ± 0.01`.
    ///
    /// - Parameters:
    ///   - block: The interval.
    ///   - layers: The names of all layers.
    /// - Returns: A part of a sentence without control characters.
    public static func figures(of block: BlockCandidate, layers: [String]) -> String {
        var counted = "\(block.members.count) of \(block.groupLayerCount)"
        if let group = block.group {
            counted += " that match \(group)"
        } else if block.members.count < block.layers.count {
            counted += ", \(block.layers.count - block.members.count) between them undefined"
        }
        let names = layers[block.layers.lowerBound] + "–" + layers[block.layers.upperBound]
        var parts = ["layers \(names) (\(counted))"]
        if let strength = block.strength {
            parts.append("strength " + DisplayText.decimal(strength) + (block.standardError.map(self.error) ?? ""))
        }
        parts.append(block.dominance.map { "dominance " + DisplayText.decimal($0) } ?? "dominance not known")
        return DisplayText.printable(parts.joined(separator: ", "))
    }

    private static func sentence(of block: BlockCandidate, kind: BlockKind, layers: [String]) -> String {
        let figures = self.figures(of: block, layers: layers)
        return switch kind {
        case .dominant: "Block structure: \(figures)"
        case .contiguous: "Contiguous block: \(figures)"
        case .saturated: "Saturated, all layers are alike: \(figures)"
        }
    }

    /// A standard error, with a third decimal where two would make it nothing.
    private static func error(_ error: Double) -> String {
        guard error < 0.0095 else { return " ± " + DisplayText.decimal(error) }
        return " ± 0.00\(Int((error * 1000).rounded()))"
    }
}
