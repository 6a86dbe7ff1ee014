import BlockStructure
import Pictures
import Snapshots
import Testing
import WireFormat

struct BlockSentenceTests {
    private static let layers = (0..<41).map { "b\($0 < 10 ? "0" : "")\($0).out" }

    @Test func aBlockIsASentence() {
        #expect(
            Self.sentences([Self.block(Array(6...40), 0.2649, 0.0122, 0.621)]) == [
                "Block structure: layers b06.out–b40.out (35 of 41), strength 0.26 ± 0.01, dominance 0.62"
            ]
        )
    }

    @Test func otherKindsSayWhatTheyAreAndWhatIsNotKnown() {
        #expect(
            Self.sentences([
                Self.block(Array(6...40), 0.26, nil, nil), Self.block(Array(0...40), nil, nil, 0.3),
                Self.block(Array(0...5), 0.05, nil, 0.6),
            ]) == [
                "Contiguous block: layers b06.out–b40.out (35 of 41), strength 0.26, dominance not known",
                "Saturated, all layers are alike: layers b00.out–b40.out (41 of 41), dominance 0.30",
            ]
        )
    }

    @Test(arguments: [(0.0123, "0.01"), (0.0095, "0.01"), (0.0094, "0.009"), (0.0004, "0.000"), (0.25, "0.25")])
    func aSmallErrorHasAThirdDecimal(error: Double, text: String) {
        #expect(Self.sentences([Self.block(Array(6...40), 0.9, error, 0.6)])[0].contains("0.90 ± \(text), dominance"))
    }

    @Test func noBlockIsASentenceToo() {
        #expect(Self.sentences([]) == ["No block structure"])
        #expect(Self.sentences([Self.block(Array(0...5), 0.05, nil, 0.6)]) == ["No block structure"])
    }

    @Test func layersThatAreNoMembersAreCounted() {
        let undefined = Self.block(Array(6...20) + Array(23...40), 0.26, 0.01, 0.6)
        #expect(Self.sentences([undefined])[0].contains("(33 of 41, 2 between them undefined)"))
        let grouped = Self.block(Array(stride(from: 6, through: 40, by: 2)), 0.26, 0.01, 0.6, group: "out$")
        #expect(Self.sentences([grouped])[0].contains("layers b06.out–b40.out (18 of 41 that match out$), strength"))
    }

    @Test func namesCannotSteerATerminal() {
        let block = Self.block([0, 1], 0.26, nil, 0.6)
        let sentence = BlockSentence.sentences(of: [block], layers: ["a\u{1B}[2J", "b\n"])[0]
        #expect(sentence.contains("layers a\u{FFFD}[2J–b\u{FFFD} (2"))
    }

    @Test func picturesFrameBlocksAndTellOfThem() throws {
        let snapshot = try MatrixSnapshot(
            header: SnapshotHeader(["layers": .array(Self.layers.map { .string($0) })]),
            cka: Array(repeating: 1, count: 41 * 41),
            standardErrors: Array(repeating: .nan, count: 41 * 41)
        )
        let block = Self.block(Array(6...40), 0.26, 0.01, 0.6)
        let map = HeatMap(snapshot, blocks: [block])
        #expect(map.outlines == [6...40])
        #expect(map.notes == Self.sentences([block]))
        #expect(map.svg().contains(">\(map.notes[0])</text>"))
        #expect(map.svg().contains("stroke=\"#1fb6ff\""))
        #expect(try map.png().count != HeatMap(snapshot).png().count)
        #expect(HeatMap(snapshot).notes == [])
        #expect(HeatMap(snapshot, blocks: []).notes == ["No block structure"])
    }

    private static func sentences(_ blocks: [BlockCandidate]) -> [String] {
        BlockSentence.sentences(of: blocks, layers: self.layers)
    }

    private static func block(
        _ members: [Int],
        _ strength: Double?,
        _ error: Double?,
        _ dominance: Double?,
        group: String? = nil
    ) -> BlockCandidate {
        BlockCandidate(
            group: group,
            members: members,
            groupLayerCount: 41,
            corner: 0.9,
            strength: strength,
            standardError: error,
            dominance: dominance,
            criteria: BlockCriteria()
        )
    }
}
