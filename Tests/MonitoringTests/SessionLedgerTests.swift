import Testing
import WireFormat

@testable import Monitoring

@Suite("SessionLedger")
struct SessionLedgerTests {
    @Test func countsFromTheFirstNumberHeard() {
        var ledger = SessionLedger()
        ledger.arrive(1000, dropped: 17)
        ledger.accumulate()
        #expect(ledger.accounting == Accounting(attempted: 1, accumulated: 1))
    }

    @Test func gapIsLostUntilItsNumberArrives() {
        var ledger = SessionLedger()
        ledger.arrive(0, dropped: nil)
        ledger.arrive(3, dropped: nil)
        #expect(ledger.accounting == Accounting(attempted: 4, lost: 2, pending: 2))
        ledger.arrive(1, dropped: nil)
        #expect(ledger.accounting == Accounting(attempted: 4, lost: 1, pending: 3))
    }

    @Test func droppedNumbersAreNotLost() {
        var ledger = SessionLedger()
        ledger.arrive(10, dropped: 4)
        ledger.arrive(15, dropped: 6)
        #expect(ledger.accounting == Accounting(attempted: 6, dropped: 2, lost: 2, pending: 2))
        ledger.announce(next: 18, dropped: 8)
        #expect(ledger.accounting == Accounting(attempted: 8, dropped: 4, lost: 2, pending: 2))
    }

    @Test func emitterThatNamesItsDropsLateCannotHaveDroppedMoreThanIsMissing() {
        var ledger = SessionLedger()
        ledger.arrive(5, dropped: nil)
        ledger.arrive(8, dropped: 7)
        #expect(ledger.accounting == Accounting(attempted: 4, dropped: 2, pending: 2))
        ledger.arrive(10, dropped: 7)
        #expect(ledger.accounting == Accounting(attempted: 6, dropped: 2, lost: 1, pending: 3))
    }

    @Test func numberBelowTheFirstOneIsOneMore() {
        var ledger = SessionLedger()
        ledger.arrive(5, dropped: 0)
        ledger.arrive(2, dropped: 0)
        #expect(ledger.accounting == Accounting(attempted: 2, pending: 2))
    }

    @Test func announcementBeforeAnyBatchBeginsTheAccount() {
        var ledger = SessionLedger()
        ledger.announce(next: 7, dropped: 3)
        #expect(ledger.accounting == Accounting())
        ledger.arrive(8, dropped: 4)
        #expect(ledger.accounting == Accounting(attempted: 2, dropped: 1, pending: 1))
    }
}
