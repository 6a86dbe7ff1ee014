public import BlockStructure

extension LayerSimilarities {
    /// Takes the similarities of a snapshot, and its groups, where it has them, for standard errors.
    public init(_ snapshot: MatrixSnapshot) {
        let count = snapshot.layers.count
        let groups = snapshot.groups.map { groups in
            (0..<groups.count).map { group in
                (0..<count).flatMap { row in
                    let start = (group * count + row) * count
                    return groups.products[start + row..<start + count]
                }
            }
        }
        self.init(
            layerCount: count,
            values: snapshot.cka,
            dominance: snapshot.header.dominance,
            errorProducts: groups ?? []
        )
    }
}
