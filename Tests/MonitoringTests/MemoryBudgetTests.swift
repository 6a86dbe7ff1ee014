import Monitoring
import Testing

@Suite("MemoryBudget")
struct MemoryBudgetTests {
    private let budget = MemoryBudget(limit: 100)

    @Test func whatIsSetAsideCannotBeReserved() {
        #expect(self.budget.setAside(60, insteadOf: 0, for: .connections) == 60)
        #expect(!self.budget.reserve(41))
        #expect(self.budget.reserve(40))
        #expect(self.budget.used == 40)
        #expect(self.budget.total == 100)
        #expect(self.budget.setAside(0, insteadOf: 60, for: .connections) == 0)
        #expect(self.budget.reserve(60))
    }

    @Test func noMoreIsSetAsideThanThereIsRoomFor() {
        #expect(self.budget.reserve(70))
        #expect(self.budget.setAside(20, insteadOf: 0, for: .scratch) == 20)
        #expect(self.budget.setAside(50, insteadOf: 20, for: .scratch) == 30)
        #expect(self.budget.total == 100)
        self.budget.release(70)
        #expect(self.budget.setAside(50, insteadOf: 30, for: .scratch) == 50)
    }

    @Test func callersAndPurposesAreKeptApart() {
        #expect(self.budget.setAside(10, insteadOf: 0, for: .scratch) == 10)
        #expect(self.budget.setAside(20, insteadOf: 0, for: .scratch) == 20)
        #expect(self.budget.setAside(5, insteadOf: 0, for: .connections) == 5)
        #expect(self.budget.setAside(0, insteadOf: 20, for: .scratch) == 0)
        #expect(self.budget.setAside(for: .scratch) == 10)
        #expect(self.budget.setAside(for: .connections) == 5)
        #expect(self.budget.used == 0)
    }

    @Test func loweredLimitTakesNothingAway() {
        #expect(self.budget.setAside(60, insteadOf: 0, for: .scratch) == 60)
        self.budget.limit = 50
        #expect(self.budget.setAside(70, insteadOf: 60, for: .scratch) == 60)
        #expect(self.budget.setAside(40, insteadOf: 60, for: .scratch) == 40)
        #expect(self.budget.reserve(10))
    }
}
