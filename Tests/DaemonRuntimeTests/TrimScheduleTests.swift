import Testing

@testable import DaemonRuntime

@Suite("TrimSchedule")
struct TrimScheduleTests {
    /// The seconds at which memory is given back, where `used` mebibytes are in use in each second.
    private func trims(_ used: [Int]) -> [Int] {
        var schedule = TrimSchedule()
        return used.indices.filter { schedule.note(used: used[$0] << 20, now: .seconds($0)) }
    }

    @Test func burstIsGivenBackOnceTenSecondsLater() {
        #expect(self.trims([0, 800] + Array(repeating: 10, count: 40)) == [11])
    }

    @Test func streamKeepsItsMemory() {
        #expect(self.trims((0..<100).map { $0.isMultiple(of: 9) ? 400 : 0 }) == [])
    }

    @Test func littleIsGivenBackAtOnceAndLessNever() {
        #expect(self.trims([12] + Array(repeating: 0, count: 40)) == [2])
        #expect(self.trims([60] + Array(repeating: 0, count: 40)) == [11])
        #expect(self.trims([1, 1, 1] + Array(repeating: 1, count: 40)) == [])
    }

    @Test func secondBurstIsGivenBackToo() {
        let quiet = Array(repeating: 0, count: 19)
        #expect(self.trims([500] + quiet + [300] + quiet) == [10, 30])
    }
}
