import Monitoring
import Testing

@Suite("MemoryBudget")
struct MemoryBudgetTests {
    private let budget = MemoryBudget(limit: 100)

    @Test func whatIsSetAsideCannotBeReserved() {
        #expect(self.budget.setAside(40, insteadOf: 0, for: .connections) == 40)
        #expect(!self.budget.reserve(61))
        #expect(self.budget.reserve(60))
        #expect(self.budget.used == 60)
        #expect(self.budget.total == 100)
        #expect(self.budget.setAside(0, insteadOf: 40, for: .connections) == 0)
        #expect(self.budget.reserve(40))
    }

    @Test func noMoreIsSetAsideThanThereIsRoomFor() {
        #expect(self.budget.reserve(70))
        #expect(self.budget.setAside(20, insteadOf: 0, for: .connections) == 20)
        #expect(self.budget.setAside(50, insteadOf: 20, for: .connections) == 30)
        #expect(self.budget.total == 100)
        self.budget.release(70)
        #expect(self.budget.setAside(40, insteadOf: 30, for: .connections) == 40)
    }

    @Test(arguments: zip([MemoryBudget.Purpose.connections, .scratch], [50, 12]))
    func eachPurposeHasItsShareOfTheLimit(purpose: MemoryBudget.Purpose, share: Int) {
        #expect(self.budget.setAside(5, insteadOf: 0, for: purpose) == 5)
        #expect(self.budget.setAside(90, insteadOf: 0, for: purpose) == share - 5)
        #expect(self.budget.setAside(for: purpose) == share)
    }

    @Test func whatIsOfNoUseInPartIsNotSetAsideInPart() {
        #expect(self.budget.reserve(90))
        #expect(self.budget.setAside(8, insteadOf: 0, for: .scratch, isDivisible: false) == 8)
        #expect(self.budget.setAside(11, insteadOf: 8, for: .scratch, isDivisible: false) == 0)
        #expect(self.budget.total == 90)
        #expect(self.budget.setAside(10, insteadOf: 0, for: .scratch, isDivisible: false) == 10)
    }

    @Test func whatMustBeLeftIsLeftUnlessNothingIsHeld() {
        #expect(self.budget.reserve(95, leaving: 20))
        #expect(!self.budget.reserve(1, leaving: 5))
        #expect(self.budget.reserve(1, leaving: 4))
        self.budget.release(96)
        #expect(self.budget.reserve(100, leaving: 50))
    }

    @Test func callersAndPurposesAreKeptApart() {
        #expect(self.budget.setAside(3, insteadOf: 0, for: .scratch) == 3)
        #expect(self.budget.setAside(4, insteadOf: 0, for: .scratch) == 4)
        #expect(self.budget.setAside(5, insteadOf: 0, for: .connections) == 5)
        #expect(self.budget.setAside(0, insteadOf: 4, for: .scratch) == 0)
        #expect(self.budget.setAside(for: .scratch) == 3)
        #expect(self.budget.setAside(for: .connections) == 5)
        #expect(self.budget.used == 0)
    }

    @Test func loweredLimitTakesNothingAway() {
        #expect(self.budget.setAside(50, insteadOf: 0, for: .connections) == 50)
        self.budget.limit = 40
        #expect(self.budget.setAside(70, insteadOf: 50, for: .connections) == 50)
        #expect(self.budget.setAside(10, insteadOf: 50, for: .connections) == 10)
        #expect(self.budget.reserve(30))
    }
}
