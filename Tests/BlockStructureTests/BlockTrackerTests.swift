import BlockStructure
import Testing

struct BlockTrackerTests {
    @Test func aBlockWhoseEdgesMoveIsTheSame() {
        var tracker = BlockTracker(overlap: 0.5)
        let first = tracker.follow([Self.candidate(10...30)])
        #expect(first.map(\.id) == [0])
        #expect(first.map(\.isNew) == [true])
        for layers in [12...30, 8...33, 8...40, 16...40] {
            let sightings = tracker.follow([Self.candidate(layers)])
            #expect(sightings.map(\.id) == [0])
            #expect(sightings.map(\.isNew) == [false])
            #expect(sightings.first?.candidate?.layers == layers)
        }
    }

    @Test func anOverlapOfHalfIsEnoughAndLessIsNot() {
        var tracker = BlockTracker(overlap: 0.5)
        _ = tracker.follow([Self.candidate(0...9)])
        // 10 of 20 layers, then 10 of 21.
        #expect(tracker.follow([Self.candidate(0...19)]).map(\.id) == [0])
        tracker = BlockTracker(overlap: 0.5)
        _ = tracker.follow([Self.candidate(0...9)])
        let sightings = tracker.follow([Self.candidate(0...20)])
        #expect(sightings.map(\.id) == [0, 1])
        #expect(sightings.map(\.isNew) == [false, true])
        #expect(sightings[0].candidate == nil)
    }

    @Test func severalBlocksAreFollowedAtOnce() {
        var tracker = BlockTracker(overlap: 0.5)
        _ = tracker.follow([Self.candidate(0...9), Self.candidate(20...29)])
        let sightings = tracker.follow([Self.candidate(2...9), Self.candidate(12...18), Self.candidate(19...29)])
        #expect(sightings.map(\.id) == [0, 1, 2])
        #expect(sightings.map { $0.candidate?.layers } == [2...9, 19...29, 12...18])
        #expect(sightings.map(\.isNew) == [false, false, true])
    }

    @Test func ofTwoBlocksThatMergeTheLargerOverlapContinues() {
        var tracker = BlockTracker(overlap: 0.3)
        _ = tracker.follow([Self.candidate(0...9), Self.candidate(10...29)])
        let sightings = tracker.follow([Self.candidate(0...29)])
        #expect(sightings.map(\.id) == [0, 1])
        #expect(sightings.map { $0.candidate?.layers } == [nil, 0...29])
    }

    @Test func ofTwoEqualBlocksThatMergeTheOlderContinues() {
        var tracker = BlockTracker(overlap: 0.5)
        _ = tracker.follow([Self.candidate(10...19)])
        _ = tracker.follow([Self.candidate(0...9), Self.candidate(10...19)])
        let sightings = tracker.follow([Self.candidate(0...19)])
        #expect(sightings.map(\.id) == [0, 1])
        #expect(sightings.map { $0.candidate?.layers } == [0...19, nil])
    }

    @Test func ofABlockThatSplitsTheLargerPartContinues() {
        var tracker = BlockTracker(overlap: 0.3)
        _ = tracker.follow([Self.candidate(0...29)])
        let sightings = tracker.follow([Self.candidate(0...11), Self.candidate(12...29)])
        #expect(sightings.map(\.id) == [0, 1])
        #expect(sightings.map { $0.candidate?.layers } == [12...29, 0...11])
        #expect(sightings.map(\.isNew) == [false, true])
    }

    @Test func aBlockThatWasMissedIsRecognisedUntilItIsForgotten() {
        var tracker = BlockTracker(overlap: 0.5)
        _ = tracker.follow([Self.candidate(5...20)])
        #expect(tracker.follow([]).map(\.candidate) == [nil])
        #expect(tracker.follow([Self.candidate(6...20)]).map(\.id) == [0])
        tracker.forget(0)
        #expect(tracker.tracks == [])
        #expect(tracker.follow([Self.candidate(6...20)]).map(\.id) == [1])
    }

    @Test func aTrackerGoesOnWhereAnotherStopped() {
        var tracker = BlockTracker(overlap: 0.5)
        _ = tracker.follow([Self.candidate(0...9), Self.candidate(20...29)])
        tracker.forget(0)
        var resumed = BlockTracker(overlap: 0.5, tracks: tracker.tracks, nextID: tracker.nextID)
        #expect(resumed == tracker)
        #expect(resumed.follow([Self.candidate(0...9), Self.candidate(21...29)]).map(\.id) == [1, 2])
    }

    @Test func blocksOfTwoLayerGroupsAreNeverTheSame() {
        var tracker = BlockTracker(overlap: 0.5)
        _ = tracker.follow([Self.candidate(0...9, group: "out")])
        let sightings = tracker.follow([Self.candidate(0...9, group: "in"), Self.candidate(0...9, group: "out")])
        #expect(sightings.map(\.id) == [0, 1])
        #expect(sightings.map { $0.candidate?.group } == ["out", "in"])
    }

    @Test func intervalsWithoutACommonLayerAreTwoBlocksWhateverTheOverlap() {
        var tracker = BlockTracker(overlap: 0)
        _ = tracker.follow([Self.candidate(0...9)])
        #expect(tracker.follow([Self.candidate(10...19)]).map(\.id) == [0, 1])
    }

    private static func candidate(_ layers: ClosedRange<Int>, group: String? = nil) -> BlockCandidate {
        BlockCandidate(
            group: group,
            members: Array(layers),
            groupLayerCount: 50,
            corner: 0.9,
            strength: 0.2,
            standardError: nil,
            dominance: 0.5,
            criteria: BlockCriteria()
        )
    }
}
