import Benchmarks
import Testing

@Suite("Statistics")
struct StatisticsTests {
    @Test(arguments: zip([[3], [4, 1, 9], [8, 1, 3, 2], [5, 5, 1, 5]], [3, 4, 2.5, 5]))
    func medianIsTheMiddle(numbers: [Double], median: Double) {
        #expect(numbers.median == median)
    }

    @Test func nothingHasNoMedian() {
        #expect([Double]().median.isNaN)
        #expect([Double]().percentile(0.5).isNaN)
    }

    @Test(arguments: zip([0.001, 0.5, 0.501, 0.99, 1], [1.0, 50, 51, 99, 100]))
    func percentileIsTheNearestRank(share: Double, expected: Double) {
        #expect((1...100).map(Double.init).shuffled().percentile(share) == expected)
    }
}

@Suite("AlternatingRounds")
struct AlternatingRoundsTests {
    @Test func floorAndMeasurementTakeTurnsAndTheFirstRoundDoesNotCount() {
        var order = ""
        var floors = [100.0, 2, 4, 3].makeIterator()
        var measurements = [200.0, 8, 6, 7].makeIterator()
        let rounds = AlternatingRounds(3) {
            order += "f"
            return floors.next() ?? .nan
        } measurement: {
            order += "m"
            return measurements.next() ?? .nan
        }
        #expect(order == "fmfmfmfm")
        #expect(rounds.floors == [2, 4, 3])
        #expect(rounds.measurements == [8, 6, 7])
        #expect(rounds.floor == 3)
        #expect(rounds.measured == 7)
        let ratios: [Double] = [2.0 / 8, 4.0 / 6, 3.0 / 7]
        #expect(rounds.ratios == ratios)
    }

    @Test func asManyRoundsAsItTakesToWarmUpDoNotCount() {
        var floors = (1...5).map(Double.init).makeIterator()
        var measurements = (6...10).map(Double.init).makeIterator()
        let rounds = AlternatingRounds(2, warmingUpFor: 3) {
            floors.next() ?? .nan
        } measurement: {
            measurements.next() ?? .nan
        }
        #expect(rounds.floors == [4, 5])
        #expect(rounds.measurements == [9, 10])
        #expect(floors.next() == nil)
    }
}
