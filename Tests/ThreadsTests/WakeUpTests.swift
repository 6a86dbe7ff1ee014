import Glibc
import Testing
import Threads

@Suite("WakeUp")
struct WakeUpTests {
    @Test func signalsMergeUntilTheyAreDrained() throws {
        let wakeUp = try WakeUp()
        #expect(!isReadable(wakeUp.fileDescriptor))
        wakeUp.signal()
        wakeUp.signal()
        #expect(isReadable(wakeUp.fileDescriptor))
        wakeUp.drain()
        #expect(!isReadable(wakeUp.fileDescriptor))
        wakeUp.drain()
        #expect(!isReadable(wakeUp.fileDescriptor))
    }

    @Test func acceptedPushAndClosingSignalTheMailboxesWakeUp() throws {
        let wakeUp = try WakeUp()
        let mailbox = Mailbox<Int>(capacity: 1, wakeUp: wakeUp)

        #expect(mailbox.push(1))
        #expect(isReadable(wakeUp.fileDescriptor))
        wakeUp.drain()

        #expect(!mailbox.push(2))
        #expect(!isReadable(wakeUp.fileDescriptor))

        mailbox.close()
        #expect(isReadable(wakeUp.fileDescriptor))
    }

    @Test func signalFromAnotherThreadEndsAPoll() throws {
        let wakeUp = try WakeUp()
        let thread = try NamedThread(name: "signaller") { wakeUp.signal() }
        #expect(isReadable(wakeUp.fileDescriptor, timeout: 10_000))
        thread.join()
    }

    @Test func descriptorClosesWithItsOwner() async {
        // In a process of its own: elsewhere another thread might be given the same number at once.
        await #expect(processExitsWith: .success) {
            var wakeUp: WakeUp? = try WakeUp()
            let descriptor = wakeUp?.fileDescriptor ?? -1
            precondition(fcntl(descriptor, F_GETFD) >= 0)
            wakeUp = nil
            precondition(fcntl(descriptor, F_GETFD) == -1 && errno == EBADF)
        }
    }
}

/// Whether a descriptor can be read, or can be within `timeout` milliseconds.
private func isReadable(_ descriptor: Int32, timeout: Int32 = 0) -> Bool {
    var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&item, 1, timeout) == 1
}
