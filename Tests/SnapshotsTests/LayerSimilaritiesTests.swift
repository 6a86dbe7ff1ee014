import BlockStructure
import Snapshots
import Testing
import WireFormat

@Suite struct LayerSimilaritiesTests {
    @Test func groupsBecomeUpperTrianglesAndEmptyOnesAreLeftOut() throws {
        let snapshot = try MatrixSnapshot(
            header: SnapshotHeader(["layers": ["a", "b"], "dominance": [0.5, 0.25]]),
            cka: [1, 0.5, 0.5, 1],
            standardErrors: [0, 0.1, 0.1, 0],
            groups: MatrixSnapshot.GroupSums(
                count: 3,
                products: [1, 2, 2, 3, 0, 0, 0, 0, 4, 5, 5, 6],
                traces: [1, 1, 0, 0, 1, 1]
            )
        )
        let similarities = LayerSimilarities(snapshot)
        #expect(similarities.values == [1, 0.5, 0.5, 1])
        #expect(similarities.dominance == [0.5, 0.25])
        #expect(similarities.errorProducts == [[1, 2, 3], [4, 5, 6]])
    }

    @Test func withoutGroupsThereIsNothingForErrors() throws {
        let snapshot = try MatrixSnapshot(
            header: SnapshotHeader(["layers": ["a"]]),
            cka: [1],
            standardErrors: [.nan]
        )
        let similarities = LayerSimilarities(snapshot)
        #expect(similarities.errorProducts == [])
        #expect(similarities.dominance[0].isNaN)
    }
}
