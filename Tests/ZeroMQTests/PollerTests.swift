import Testing
import Threads
import ZeroMQ

@Suite("Poller")
struct PollerTests {
    @Test func saysWhichSocketsAndDescriptorsCanBeRead() throws {
        let context = try Context()
        let sockets = try (0..<4).map { _ in try Socket(.pair, in: context) }
        try sockets[0].connect(try sockets[1].bind("inproc://first"))
        try sockets[2].connect(try sockets[3].bind("inproc://second"))
        let silent = try WakeUp()
        let signalled = try WakeUp()
        let poller = Poller()
        poller.add(sockets[1])
        poller.add(sockets[3])
        poller.add(fileDescriptor: silent.fileDescriptor)
        poller.add(fileDescriptor: signalled.fileDescriptor)
        #expect(try poller.wait(timeout: .zero).isEmpty)

        #expect(try sockets[2].send(["hello"]))
        signalled.signal()
        let readiness = try poller.wait(timeout: patience)
        #expect(!readiness.contains(sockets[1]))
        #expect(readiness.contains(sockets[3]))
        #expect(readiness.sockets.count == 1)
        #expect(readiness.fileDescriptors == [signalled.fileDescriptor])
        #expect(!readiness.contains(fileDescriptor: silent.fileDescriptor))
    }

    @Test func descriptorSignalledByAnotherThreadEndsTheWait() throws {
        let wakeUp = try WakeUp()
        let poller = Poller()
        poller.add(fileDescriptor: wakeUp.fileDescriptor)
        let thread = try NamedThread(name: "signaller") { wakeUp.signal() }
        #expect(try poller.wait(timeout: patience).contains(fileDescriptor: wakeUp.fileDescriptor))
        thread.join()
    }

    @Test func waitEndsAfterItsTimeoutAndNotBefore() throws {
        let poller = Poller()
        poller.add(try Socket(.sub, in: try Context()))
        let start = ContinuousClock.now
        #expect(try poller.wait(timeout: .microseconds(20_500)).isEmpty)
        #expect(ContinuousClock.now - start >= .microseconds(20_500))
    }

    @Test func removedSourcesAreForgottenAndReleased() throws {
        let context = try Context()
        let wakeUp = try WakeUp()
        wakeUp.signal()
        let poller = Poller()
        weak var released: Socket?
        do {
            let socket = try Socket(.pair, in: context)
            released = socket
            poller.add(socket)
            poller.add(fileDescriptor: wakeUp.fileDescriptor)
            poller.remove(socket)
            poller.remove(fileDescriptor: wakeUp.fileDescriptor)
        }
        #expect(released == nil)
        #expect(try poller.wait(timeout: .zero).isEmpty)
    }

    @Test func emptyPollerThatWouldWaitForEverTraps() async {
        await #expect(processExitsWith: .failure) {
            _ = try Poller().wait(timeout: nil)
        }
    }
}
