import Testing

@testable import Publishing

@Suite("OwedTopics")
struct OwedTopicsTests {
    private let start = ContinuousClock.now

    @Test func nothingIsOwedAtFirst() {
        var owed = OwedTopics()
        #expect(owed.takePortion(now: self.start) == [])
        #expect(owed.nextPortion(now: self.start) == nil)
    }

    @Test func crowdIsAnsweredOnceAndAtOnce() {
        var owed = OwedTopics()
        for _ in 0..<1000 {
            owed.insert(["b/", "a/"])
        }
        #expect(owed.nextPortion(now: self.start) == self.start)
        #expect(owed.takePortion(now: self.start) == ["a/", "b/"])
        #expect(owed.nextPortion(now: self.start) == nil)
    }

    @Test func manyTopicsComeInPortionsWithPauses() {
        var owed = OwedTopics()
        let topics = (0..<40).map { "topic/\($0)/" }
        owed.insert(topics)
        var taken = owed.takePortion(now: self.start)
        #expect(taken.count == OwedTopics.portion)
        var now = self.start
        while let next = owed.nextPortion(now: now) {
            #expect(next == now + OwedTopics.pause)
            #expect(owed.takePortion(now: next - .microseconds(1)) == [])
            taken += owed.takePortion(now: next)
            now = next
        }
        #expect(taken == topics.sorted())
        #expect(now == self.start + OwedTopics.pause + OwedTopics.pause)
    }

    @Test func subscribersWhoKeepComingAreHeldToThePace() {
        var owed = OwedTopics()
        owed.insert(["a/"])
        #expect(owed.takePortion(now: self.start) == ["a/"])
        owed.insert(["a/"])
        #expect(owed.takePortion(now: self.start) == [])
        #expect(owed.takePortion(now: self.start + OwedTopics.pause) == ["a/"])
    }

    @Test func topicThatGoesOutMeanwhileIsOwedNoMore() {
        var owed = OwedTopics()
        owed.insert(["a/", "b/"])
        owed.remove("a/")
        #expect(owed.takePortion(now: self.start) == ["b/"])
    }
}
