import Publishing
import Testing

@Suite("PublicationSchedule")
struct PublicationScheduleTests {
    @Test func firstChangeGoesOutAtOnceAndTheLastOneWhenItsIntervalIsOver() {
        var schedule = PublicationSchedule<String>(interval: .seconds(1))
        #expect(schedule.nextDue == nil)
        #expect(schedule.change("a", now: .seconds(10)) == true)
        #expect(schedule.nextDue == nil)
        #expect(schedule.change("a", now: .milliseconds(10_200)) == false)
        #expect(schedule.change("a", now: .milliseconds(10_900)) == false)
        #expect(schedule.nextDue == .seconds(11))
        #expect(schedule.takeDue(now: .milliseconds(10_999)).isEmpty)
        #expect(schedule.takeDue(now: .seconds(11)) == ["a"])
        #expect(schedule.takeDue(now: .seconds(12)).isEmpty)
        #expect(schedule.nextDue == nil)
    }

    @Test func steadyChangesGoOutOnceAnInterval() {
        var schedule = PublicationSchedule<String>(interval: .seconds(1))
        var times: [Duration] = []
        for tick in 0..<500 {
            let now = Duration.milliseconds(10 * tick)
            // Two changes at every tick, until four seconds have passed.
            for _ in 0..<2 where tick < 400 {
                if schedule.change("a", now: now) {
                    times.append(now)
                }
            }
            times += schedule.takeDue(now: now).map { _ in now }
        }
        // The last change came at 3.99 s and goes out at the end of its interval.
        #expect(times == (0...4).map { .seconds($0) })
    }

    @Test func keysDoNotWaitForEachOther() {
        var schedule = PublicationSchedule<String>(interval: .seconds(1))
        #expect(schedule.change("a", now: .zero) == true)
        #expect(schedule.change("b", now: .milliseconds(500)) == true)
        #expect(schedule.change("b", now: .milliseconds(600)) == false)
        #expect(schedule.change("a", now: .milliseconds(600)) == false)
        #expect(schedule.nextDue == .seconds(1))
        #expect(schedule.takeDue(now: .seconds(1)) == ["a"])
        #expect(schedule.nextDue == .milliseconds(1500))
    }

    @Test func shorterIntervalCountsForWhatWaitsAlready() {
        var schedule = PublicationSchedule<String>(interval: .seconds(60))
        #expect(schedule.change("a", now: .zero) == true)
        #expect(schedule.change("a", now: .seconds(1)) == false)
        schedule.interval = .seconds(2)
        #expect(schedule.nextDue == .seconds(2))
        #expect(schedule.takeDue(now: .seconds(2)) == ["a"])
    }

    @Test func forgottenKeyBeginsAgain() {
        var schedule = PublicationSchedule<String>(interval: .seconds(1))
        for key in ["a", "b"] {
            #expect(schedule.change(key, now: .zero) == true)
            #expect(schedule.change(key, now: .milliseconds(1)) == false)
        }
        schedule.forget { $0 == "a" }
        #expect(schedule.takeDue(now: .seconds(5)) == ["b"])
        #expect(schedule.change("a", now: .milliseconds(5_001)) == true)
    }
}
