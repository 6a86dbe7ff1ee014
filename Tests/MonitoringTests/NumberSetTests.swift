import Testing

@testable import Monitoring

@Suite("NumberSet")
struct NumberSetTests {
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func behavesAsASet(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var numbers = NumberSet()
        var oracle: Set<Int> = []
        for _ in 0..<300 {
            let number = Int.random(in: 0..<200, using: &generator)
            #expect(numbers.insert(number) == oracle.insert(number).inserted)
            #expect(numbers.count == oracle.count)
        }
        for number in -1...201 {
            #expect(numbers.contains(number) == oracle.contains(number))
            #expect(numbers.count(below: number) == oracle.count { $0 < number })
            #expect(numbers.containsAll(below: number) == (0..<max(0, number)).allSatisfy(oracle.contains))
        }
        #expect(zip(numbers.ranges, numbers.ranges.dropFirst()).allSatisfy { $0.upperBound + 1 < $1.lowerBound })
    }

    @Test func numbersInOrderTakeOneRange() {
        var numbers = NumberSet()
        for number in 0..<10_000 {
            _ = numbers.insert(number)
        }
        #expect(numbers.ranges == [0...9999])
    }

    @Test func gapsBeyondTheBoundAreClosedFromBelowAndStayUncounted() {
        var numbers = NumberSet()
        let inserted = NumberSet.maximumRangeCount + 10
        for number in 0..<inserted {
            _ = numbers.insert(2 * number)
        }
        #expect(numbers.ranges.count == NumberSet.maximumRangeCount)
        #expect(numbers.count == inserted)
        #expect(numbers.contains(1))
        #expect(!numbers.contains(21))
    }
}
