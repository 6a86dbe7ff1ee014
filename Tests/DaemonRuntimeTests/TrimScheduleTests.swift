import Testing

@testable import DaemonRuntime

@Suite("TrimSchedule")
struct TrimScheduleTests {
    /// The seconds at which memory is given back, where `used` mebibytes are in use in each second.
    private func trims(_ used: [Int], isActive: (Int) -> Bool = { _ in true }) -> [Int] {
        var schedule = TrimSchedule()
        return used.indices.filter { second in
            schedule.note(used: used[second] << 20, isActive: isActive(second), now: .seconds(second))
        }
    }

    @Test func burstIsGivenBackOnceTenSecondsLater() {
        #expect(self.trims([0, 800] + Array(repeating: 10, count: 40)) == [11])
    }

    @Test func streamKeepsItsMemory() {
        #expect(self.trims((0..<100).map { $0.isMultiple(of: 9) ? 400 : 0 }) == [])
    }

    @Test func littleIsNotWorthWhileWhileBatchesCome() {
        #expect(self.trims([12] + Array(repeating: 0, count: 40)) == [])
        #expect(self.trims([3, 0, 3, 0, 3, 0]) == [])
    }

    @Test func littleIsGivenBackOnceAfterEveryActivity() {
        #expect(self.trims([0, 3, 1, 1, 1, 2, 1, 1]) { [1, 5].contains($0) } == [2, 6])
        #expect(self.trims([0, 0, 0]) { _ in false } == [])
        #expect(self.trims([0, 20, 1, 1, 1]) { $0 == 1 } == [])
    }

    @Test func aRestIsEnoughAgainAfterABurst() {
        let used = [20] + Array(repeating: 1, count: 20)
        #expect(self.trims(used) { $0 < 12 || $0 == 15 } == [10, 12, 16])
    }

    @Test func secondBurstIsGivenBackToo() {
        let quiet = Array(repeating: 0, count: 19)
        #expect(self.trims([500] + quiet + [300] + quiet) == [10, 30])
    }
}
