import Glibc
import Testing
import Threads
import ZeroMQ

@Suite("Context")
struct ContextTests {
    @Test func shutdownUnblocksAReceiverOnAnotherThread() throws {
        let context = try Context()
        let socket = try Socket(.sub, in: context)
        let started = Mailbox<Void>(capacity: 1)
        let outcome = Mailbox<ZeroMQError>(capacity: 1)
        let thread = try NamedThread(name: "receiver") {
            _ = started.push(())
            do throws(ZeroMQError) {
                _ = try socket.receiveMessage(timeout: nil)
            } catch {
                _ = outcome.push(error)
            }
        }
        #expect(started.pop(timeout: patience) != nil)
        context.shutdown()
        let error = try #require(outcome.pop(timeout: patience))
        #expect(error.isContextShutDown)
        thread.join()
    }

    @Test func shutdownEndsAPoll() throws {
        let context = try Context()
        let poller = Poller()
        poller.add(try Socket(.sub, in: context))
        let thread = try NamedThread(name: "shutdown") { context.shutdown() }
        let error = #expect(throws: ZeroMQError.self) { try poller.wait(timeout: patience) }
        #expect(error?.isContextShutDown == true)
        thread.join()
    }

    @Test func socketKeepsItsContextOpen() throws {
        weak var context: Context?
        var socket: Socket?
        do {
            let opened = try Context()
            context = opened
            socket = try Socket(.pair, in: opened)
        }
        #expect(try socket?.bind("inproc://alive") == "inproc://alive")
        #expect(context != nil)
        socket = nil
        #expect(context == nil)
    }

    @Test func socketsBeyondTheMaximumAreRefused() throws {
        let context = try Context(maximumSocketCount: 1)
        let first = try Socket(.pair, in: context)
        let error = #expect(throws: ZeroMQError.self) { try Socket(.pair, in: context) }
        #expect(error?.description == "ZeroMQ could not open a socket: Too many open files")
        withExtendedLifetime(first) {}
    }

    @Test func signalDoesNotEndAWait() throws {
        // Unlike the default action, which ignores it, an empty handler interrupts the system call that waits.
        signal(SIGURG) { _ in }
        let context = try Context()
        let sender = try Socket(.pair, in: context)
        let receiver = try Socket(.pair, in: context)
        try sender.connect(try receiver.bind("inproc://signals"))
        let identity = Mailbox<pthread_t>(capacity: 1)
        let outcome = Mailbox<String>(capacity: 1)
        let thread = try NamedThread(name: "interrupted") {
            _ = identity.push(pthread_self())
            do throws(ZeroMQError) {
                let message = try receiver.receiveMessage(timeout: nil)
                _ = outcome.push(message?.first?.text ?? "nothing")
            } catch {
                _ = outcome.push(error.description)
            }
        }
        let waiting = try #require(identity.pop(timeout: patience))
        for _ in 0..<20 {
            pthread_kill(waiting, SIGURG)
            #expect(outcome.pop(timeout: .milliseconds(1)) == nil)
        }
        #expect(try sender.send(["still here"]))
        #expect(outcome.pop(timeout: patience) == "still here")
        thread.join()
    }
}
