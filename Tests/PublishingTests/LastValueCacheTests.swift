import Testing
import ZeroMQ

@testable import Publishing

@Suite("LastValueCache")
struct LastValueCacheTests {
    private func cache(of topics: [String]) -> LastValueCache {
        var cache = LastValueCache()
        for topic in topics {
            cache.store(ComposedMessage(topic: topic, frames: [Frame(topic)]))
        }
        return cache
    }

    @Test func onlyTheLatestMessageOfATopicIsKept() {
        var cache = self.cache(of: ["a/"])
        cache.store(ComposedMessage(topic: "a/", frames: ["a/", "newer"]))
        #expect(cache.message(topic: "a/")?.map(\.text) == ["a/", "newer"])
        #expect(cache.message(topic: "b/") == nil)
    }

    @Test func matrixThatNobodyWantedIsWrittenOnceItIsAskedFor() {
        var composer = MessageComposer(epoch: 1)
        let matrix = composer.number(.example(run: "a", window: .pass))
        var cache = LastValueCache()
        cache.store(matrix)
        #expect(cache.topics(prefix: []) == ["cka/a/pass/"])
        let frames = cache.message(topic: "cka/a/pass/")
        #expect(frames?.map(\.bytes) == matrix.composed().frames.map(\.bytes))
        #expect(cache.message(topic: "cka/a/pass/")?.map(\.bytes) == frames?.map(\.bytes))
    }

    @Test(
        arguments: [
            ("", ["cka/a/", "cka/ab/", "heartbeat/"]), ("cka/a", ["cka/a/", "cka/ab/"]), ("cka/a/", ["cka/a/"]),
            ("cka/a/total/", []), ("\u{1}", []),
        ] as [(String, [String])]
    )
    func prefixCoversTheTopicsThatBeginWithIt(prefix: String, topics: [String]) {
        let cache = self.cache(of: ["cka/a/", "cka/ab/", "heartbeat/"])
        #expect(cache.topics(prefix: Array(prefix.utf8)).sorted() == topics)
    }

    @Test func prefixThatIsNoTextCoversNothing() {
        #expect(self.cache(of: ["a/"]).topics(prefix: [0xFF, 0x00]).isEmpty)
    }

    @Test func forgottenPrefixLeavesTheOthers() {
        var cache = self.cache(of: ["cka/a/x/", "cka/a/y/", "cka/ab/x/"])
        cache.remove(prefix: "cka/a/")
        #expect(cache.topics(prefix: []) == ["cka/ab/x/"])
    }
}
