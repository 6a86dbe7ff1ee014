/// Finds the blocks of a similarity matrix.
///
/// In four steps: the best intervals (see ``SimilarIntervals``); the gate, which wants enough layers and an alike corner;
/// the strength with its standard error (see ``BlockStrength``); dominance and kind.
///
/// A layer that is undefined says nothing for or against a block around it: its pairs count nowhere, and it is no member.
/// A stretch of undefined layers as long as the shortest interval ends one.
public struct BlockFinder: Hashable, Sendable {
    /// The numbers of the rule.
    public var criteria: BlockCriteria

    /// The groups of layers that are searched, each on its own; none: all layers are one group.
    public var layerGroups: [LayerGroup]

    /// Creates a finder.
    public init(criteria: BlockCriteria = BlockCriteria(), layerGroups: [LayerGroup] = []) {
        self.criteria = criteria
        self.layerGroups = layerGroups
    }

    /// Finds every interval that passes the gate, block or not, group by group and in the order of the layers.
    ///
    /// - Precondition: The groups' layers are among the matrix's.
    /// - Complexity: O(*g* *L*²) for *g* groups of examples.
    public func candidates(in similarities: LayerSimilarities) -> [BlockCandidate] {
        guard !self.layerGroups.isEmpty else {
            return self.candidates(of: .all(similarities.layerCount), in: similarities)
        }
        return self.layerGroups.flatMap { self.candidates(of: $0, in: similarities) }
    }

    /// Finds every block: the candidates that have a kind.
    public func blocks(in similarities: LayerSimilarities) -> [BlockCandidate] {
        self.candidates(in: similarities).filter { $0.kind != nil }
    }

    private func candidates(of group: LayerGroup, in similarities: LayerSimilarities) -> [BlockCandidate] {
        precondition((group.layers.last ?? -1) < similarities.layerCount, "The group has layers that the matrix lacks")
        let similarities = similarities.restricted(to: group.layers)
        let isDefined = (0..<similarities.layerCount).map(similarities.isDefined)
        let intervals = SimilarIntervals(similarities, isDefined: isDefined, criteria: self.criteria).intervals
        let minimumLayers = self.criteria.minimumLayers(of: group.layers.count)
        return intervals.compactMap { interval in
            let members = interval.filter { isDefined[$0] }
            let corner = similarities.corner(of: members)
            // A corner without any pair is NaN, and passes nothing.
            guard members.count >= minimumLayers, corner >= self.criteria.corner else { return nil }
            let strength = BlockStrength(of: interval, in: similarities)
            return BlockCandidate(
                group: group.name,
                members: members.map { group.layers[$0] },
                groupLayerCount: group.layers.count,
                corner: corner,
                strength: strength.value,
                standardError: strength.standardError(in: similarities),
                dominance: similarities.meanDominance(of: members),
                criteria: self.criteria
            )
        }
    }
}

extension LayerSimilarities {
    /// The mean similarity between the first and the last quarter of some layers, NaN where there is none.
    fileprivate func corner(of members: [Int]) -> Double {
        let quarter = max(1, members.count / 4)
        var (sum, count) = (0.0, 0.0)
        for row in members.prefix(quarter) {
            for column in members.suffix(quarter) {
                let value = self.values[row * self.layerCount + column]
                if !value.isNaN {
                    sum += value
                    count += 1
                }
            }
        }
        return sum / count
    }

    /// The mean dominance of some layers, `nil` where any of them is not known.
    fileprivate func meanDominance(of members: [Int]) -> Double? {
        let mean = members.reduce(0) { $0 + self.dominance[$1] } / Double(members.count)
        return mean.isFinite ? mean : nil
    }
}
