import Foundation
import Testing
import Threads

@Suite("NamedThread")
struct NamedThreadTests {
    @Test(arguments: [
        ("short", "short"),
        ("exactly15 bytes", "exactly15 bytes"),
        ("longer than the kernel takes", "longer than the"),
        ("αβγδεζηθ", "αβγδεζη"),
    ])
    func kernelShowsTheName(name: String, shown: String) throws {
        let seen = Mailbox<String>(capacity: 1)
        let thread = try NamedThread(name: name) {
            let text = (try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)) ?? ""
            _ = seen.push(text)
        }
        thread.join()
        #expect(thread.name == name)
        #expect(seen.pop() == shown + "\n")
    }

    @Test func joinReturnsAfterWhatTheBodyCapturedIsReleased() throws {
        let (thread, witness) = try threadThatOwnsSomething()
        thread.join()
        #expect(witness.captured == nil)
    }

    @Test func everyJoinerReturnsAfterTheEnd() throws {
        let gate = Mailbox<Never>(capacity: 1)
        let end = Mailbox<Never>(capacity: 1)
        let thread = try NamedThread(name: "joined") {
            _ = gate.pop()
            end.close()
        }
        let seen = Mailbox<Bool>(capacity: 3)
        let joiners = try (0..<3).map { index in
            try NamedThread(name: "joiner \(index)") {
                thread.join()
                _ = seen.push(end.isClosed)
            }
        }
        gate.close()
        for joiner in joiners {
            joiner.join()
        }
        thread.join()
        #expect(seen.drain() == [true, true, true])
    }

    @Test func threadThatNobodyHoldsRunsToItsEnd() throws {
        let gate = Mailbox<Never>(capacity: 1)
        let result = Mailbox<Int>(capacity: 1)
        _ = try NamedThread(name: "forgotten") {
            _ = gate.pop()
            _ = result.push(42)
        }
        gate.close()
        #expect(result.pop(timeout: .seconds(10)) == 42)
    }

    @Test func joiningOneselfTraps() async {
        await #expect(processExitsWith: .failure) {
            let handOver = Mailbox<NamedThread>(capacity: 1)
            let thread = try NamedThread(name: "self") { handOver.pop()?.join() }
            _ = handOver.push(thread)
            thread.join()
        }
    }
}

/// Something whose release can be observed.
private final class Captured: Sendable {}

/// Sees whether something is still there, without keeping it.
private struct Witness {
    weak let captured: Captured?
}

/// A thread that alone holds an object, and that object's witness.
private func threadThatOwnsSomething() throws -> (NamedThread, Witness) {
    let captured = Captured()
    let thread = try NamedThread(name: "owner") { withExtendedLifetime(captured) {} }
    return (thread, Witness(captured: captured))
}
