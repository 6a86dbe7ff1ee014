import Testing

@testable import Computation

@Suite("FairQueue")
struct FairQueueTests {
    /// Takes `count` jobs, each of which is named by its owner.
    private func served(_ queue: inout FairQueue<String, String>, count: Int) -> [String: Int] {
        (0..<count).reduce(into: [:]) { counts, _ in
            counts[queue.popFirst() ?? "nobody", default: 0] += 1
        }
    }

    @Test func jobsOfOneOwnerComeOutInTheirOrder() {
        var queue = FairQueue<String, Int>()
        for job in 0..<5 {
            queue.append([(job, Double(5 - job))], owner: "a")
        }
        #expect(queue.count == 5)
        #expect((0..<6).map { _ in queue.popFirst() } == [0, 1, 2, 3, 4, nil])
        #expect(queue.count == 0)
    }

    @Test func jobThatIsPutFirstComesBeforeTheOthersOfItsOwnerOnly() {
        var queue = FairQueue<String, String>()
        queue.append([("a1", 10)], owner: "a")
        queue.append([("a2", 10)], owner: "a")
        #expect(queue.popFirst() == "a1")
        queue.append([("b1", 1)], owner: "b")
        queue.prepend([("a0", 10)], owner: "a")
        #expect((0..<3).map { _ in queue.popFirst() } == ["b1", "a0", "a2"])
    }

    @Test func costIsThatOfTheJobsThatWait() {
        var queue = FairQueue<String, Int>()
        queue.append([(job: 1, cost: 3), (job: 2, cost: 4)], owner: "a")
        queue.prepend([(job: 0, cost: 5)], owner: "b")
        #expect(queue.cost == 12)
        let costs = (0..<4).map { _ in
            _ = queue.popFirst()
            return queue.cost
        }
        #expect(Set(costs.prefix(2)).isSubset(of: [4, 7, 9]))
        #expect(costs.suffix(2) == [0, 0])
        queue.append([(job: 3, cost: 1)], owner: "a")
        _ = queue.removeAll()
        #expect(queue.cost == 0)
    }

    @Test func jobsThatComeTogetherStayInTheirOrder() {
        var queue = FairQueue<String, Int>()
        queue.append([3, 4].map { (job: $0, cost: 1) }, owner: "a")
        queue.prepend([1, 2].map { (job: $0, cost: 1) }, owner: "a")
        #expect(queue.count == 4)
        #expect((0..<5).map { _ in queue.popFirst() } == [1, 2, 3, 4, nil])
    }

    @Test func noJobsMakeNoOwner() {
        var queue = FairQueue<String, Int>()
        queue.append([], owner: "a")
        queue.prepend([], owner: "a")
        #expect(queue.count == 0)
        #expect(queue.popFirst() == nil)
        queue.append([(1, 1)], owner: "b")
        #expect(queue.popFirst() == 1)
    }

    @Test func ownersShareInProportionToTheCostOfTheirJobs() {
        var queue = FairQueue<String, String>()
        for _ in 0..<400 {
            queue.append([("small", 1)], owner: "small")
            queue.append([("large", 10)], owner: "large")
        }
        let counts = self.served(&queue, count: 110)
        #expect((99...101).contains(counts["small", default: 0]))
        #expect((9...11).contains(counts["large", default: 0]))
    }

    @Test func ownerWhoComesLateIsServedAtOnceAndNotMoreThanHisShare() {
        var queue = FairQueue<String, String>()
        for _ in 0..<100 {
            queue.append([("old", 1)], owner: "old")
        }
        _ = self.served(&queue, count: 50)
        // Nothing was saved up while the newcomer had no jobs.
        for _ in 0..<50 {
            queue.append([("new", 1)], owner: "new")
        }
        let counts = self.served(&queue, count: 20)
        #expect((9...11).contains(counts["new", default: 0]))
    }

    @Test func ownerWhoPausesKeepsHisDebt() {
        var queue = FairQueue<String, String>()
        for _ in 0..<30 {
            queue.append([("patient", 1)], owner: "patient")
        }
        queue.append([("greedy", 20)], owner: "greedy")
        while queue.popFirst() != "greedy" {}
        queue.append([("greedy", 20)], owner: "greedy")
        // Twenty units of the others come first, though the greedy one's line was empty for a moment.
        #expect(self.served(&queue, count: 18) == ["patient": 18])
    }

    @Test func noneOfManyOwnersStarves() {
        var queue = FairQueue<Int, Int>()
        for owner in 0..<50 {
            for _ in 0..<10 {
                queue.append([(owner, owner == 0 ? 1e12 : 1)], owner: owner)
            }
        }
        let first = Set((0..<50).compactMap { _ in queue.popFirst() })
        #expect(first == Set(0..<50))
        var counts: [Int: Int] = [:]
        while let owner = queue.popFirst() {
            counts[owner, default: 1] += 1
        }
        #expect(counts == Dictionary(uniqueKeysWithValues: (0..<50).map { ($0, 10) }))
    }

    @Test func removingAllLeavesNothing() {
        var queue = FairQueue<Int, Int>()
        for job in 0..<6 {
            queue.append([(job, 1)], owner: job % 2)
        }
        #expect(queue.removeAll().sorted() == Array(0..<6))
        #expect(queue.count == 0)
        #expect(queue.popFirst() == nil)
    }
}
