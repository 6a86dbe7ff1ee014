import Testing
import Threads

@Suite("Awaited")
struct AwaitedTests {
    @Test func updatesAreSeenByTheNextRead() {
        let state = Awaited([1])
        let count = state.update { numbers in
            numbers.append(2)
            return numbers.count
        }
        #expect(count == 2)
        #expect(state.read { $0 } == [1, 2])
        state.updateQuietly { $0 = [] }
        #expect(state.read { $0 }.isEmpty)
    }

    @Test func errorOfAClosureIsPassedOnAndTheLockGivenBack() {
        struct Refusal: Error {}
        let state = Awaited(0)
        #expect(throws: Refusal.self) {
            try state.update { number throws(Refusal) in
                number = 1
                throw Refusal()
            }
        }
        #expect(state.read { $0 } == 1)
    }

    @Test func takeReturnsAtOnceWhatIsThere() {
        let state = Awaited(5)
        let taken = state.take(timeout: .zero) { number in
            defer { number = 0 }
            return number == 0 ? nil : number
        }
        #expect(taken == 5)
        #expect(state.take(timeout: .zero) { $0 == 0 ? nil : $0 } == nil)
    }

    @Test func takeGivesUpAfterItsTimeout() {
        let state = Awaited(0)
        let start = ContinuousClock.now
        #expect(state.take(timeout: .milliseconds(20)) { $0 == 0 ? nil : $0 } == nil)
        #expect(ContinuousClock.now - start >= .milliseconds(20))
    }

    @Test func stateIsLookedAtOnceMoreAfterTheDeadline() {
        var lookCount = 0
        let taken = Awaited(0).take(timeout: .milliseconds(1)) { _ in
            lookCount += 1
            return lookCount == 1 ? nil : lookCount
        }
        #expect((taken ?? 0) >= 2)
    }

    @Test func updateWakesAThreadThatWaits() throws {
        let state = Awaited(0)
        let taken = Mailbox<Int>(capacity: 1)
        let thread = try NamedThread(name: "waiter") {
            if let number = state.take({ $0 < 3 ? nil : $0 }) {
                _ = taken.push(number)
            }
        }
        for _ in 0..<3 {
            state.update { $0 += 1 }
        }
        thread.join()
        #expect(taken.pop(timeout: .zero) == 3)
    }

    /// One update wakes one thread, which wakes the next one as long as anything is left.
    @Test func whoTakesSomethingWakesTheNext() throws {
        let state = Awaited(0)
        let taken = Mailbox<Bool>(capacity: 3)
        let threads = try (0..<3).map { index in
            try NamedThread(name: "taker \(index)") {
                let unit = state.take(timeout: .seconds(60), wakingOneIf: { $0 > 0 }) { count -> Bool? in
                    guard count > 0 else { return nil }
                    count -= 1
                    return true
                }
                _ = taken.push(unit ?? false)
            }
        }
        // Who comes too late to wait takes a unit, too, and calls the next one.
        let start = ContinuousClock.now
        state.update(wakingOneIf: { $0 > 0 }) { $0 += 3 }
        for thread in threads {
            thread.join()
        }
        #expect(ContinuousClock.now - start < .seconds(50))
        #expect((0..<3).map { _ in taken.pop(timeout: .zero) } == [true, true, true])
    }

    @Test func conditionIsAskedOnceTheStateHasChanged() {
        var asked: [Int] = []
        let state = Awaited(0)
        state.update(wakingOneIf: {
            asked.append($0); return false
        }) { $0 += 1 }
        let taken = state.take(wakingOneIf: {
            asked.append($0); return true
        }) { number in
            number += 1
            return number
        }
        #expect(taken == 2)
        #expect(asked == [1, 2])
    }

    @Test func everyUnitIsTakenByExactlyOneThread() throws {
        let state = Awaited((remaining: 0, isClosed: false))
        let counts = Mailbox<Int>(capacity: 4)
        let threads = try (0..<4).map { index in
            try NamedThread(name: "taker \(index)") {
                var count = 0
                while true
                    == state.take({ state -> Bool? in
                        guard state.remaining > 0 else { return state.isClosed ? false : nil }
                        state.remaining -= 1
                        return true
                    })
                {
                    count += 1
                }
                _ = counts.push(count)
            }
        }
        for _ in 0..<2000 {
            state.update { $0.remaining += 1 }
        }
        state.update { $0.isClosed = true }
        for thread in threads {
            thread.join()
        }
        #expect(counts.drain().reduce(0, +) == 2000)
    }
}
