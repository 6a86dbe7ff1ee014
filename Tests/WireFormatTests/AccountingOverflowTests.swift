import Testing
import WireFormat

@Suite("Accounts of absurd numbers")
struct AccountingOverflowTests {
    /// A peer chooses the numbers: 1024 sessions that each name 2⁵³ come to 2⁶³.
    @Test func sumsWrapAroundInsteadOfTrapping() {
        var session = Accounting()
        session.attempted = 1 << 53
        session.lost = 1 << 53
        var sum = Accounting()
        for _ in 0..<2048 {
            sum = sum + session
        }
        #expect(sum.isBalanced)
    }
}
