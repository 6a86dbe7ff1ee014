import Ingestion
import Monitoring
import Testing
import Threads
import ZeroMQ

/// How long a test waits for what must happen; only a failing test waits that long.
let patience = Duration.seconds(20)

/// A receiver with one end of its hand-over, and the emitters that send to it.
final class Bench {
    let context: Context
    let memory = MemoryBudget(limit: 1 << 20)
    let messages: Mailbox<IncomingMessage>
    let receiver: Receiver

    /// Starts a receiver.
    ///
    /// - Parameters:
    ///   - bind: Where it listens.
    ///   - connect: The emitters that it listens to.
    ///   - maximumFrameByteCount: The longest frame.
    ///   - capacity: How many messages the hand-over holds.
    /// - Throws: What the receiver throws.
    init(
        bind: [String] = [],
        connect: [String] = [],
        maximumFrameByteCount: Int = 1 << 20,
        capacity: Int = 1000
    ) throws {
        self.context = try Context()
        let messages = Mailbox<IncomingMessage>(capacity: capacity)
        self.messages = messages
        self.receiver = try Receiver(
            settings: ReceiverSettings(bind: bind, connect: connect, maximumFrameByteCount: maximumFrameByteCount),
            context: self.context,
            memory: self.memory
        ) { message in
            messages.push(message)
        }
    }

    /// An emitter, which hears of subscriptions and of full queues.
    func emitter(connectingTo endpoint: String? = nil) throws -> Socket {
        var options = SocketOptions()
        options.isXPUBNoDrop = true
        options.isXPUBVerbose = true
        options.maximumReconnectInterval = .milliseconds(200)
        let socket = try Socket(.xpub, in: self.context, options: options)
        if let endpoint {
            try socket.connect(endpoint)
        }
        return socket
    }

    /// The next message that was handed over, whose memory is given back.
    func nextMessage() throws -> IncomingMessage {
        let message = try #require(self.messages.pop(timeout: patience))
        self.memory.release(message.heldByteCount)
        return message
    }
}

extension Socket {
    /// Waits until the receiver subscribes, and returns to what.
    func nextSubscription() throws -> String? {
        while true {
            let frames = try #require(try self.receiveMessage(timeout: patience))
            let bytes = frames[0].bytes
            if bytes.first == 1 {
                return String(validating: bytes.dropFirst(), as: UTF8.self)
            }
        }
    }

    /// Waits until the receiver has gone.
    func waitForUnsubscription() throws {
        while try #require(try self.receiveMessage(timeout: patience))[0].bytes.first != 0 {}
    }
}

/// Waits until a condition holds.
func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = ContinuousClock.now + patience
    // The poll is the test's clock: nothing is assumed about how long anything takes.
    while try !condition() {
        guard ContinuousClock.now < deadline else { return false }
        _ = Mailbox<Void>(capacity: 1).pop(timeout: .milliseconds(1))
    }
    return true
}
