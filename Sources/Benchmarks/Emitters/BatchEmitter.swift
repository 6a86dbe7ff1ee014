internal import Foundation
internal import LinearAlgebra
internal import WireFormat
public import ZeroMQ

/// One session of a run that sends the same batch again and again.
public final class BatchEmitter {
    /// How many numbers have been used.
    public private(set) var attemptedCount = 0

    /// How many batches were not sent because the queue was full.
    public private(set) var droppedCount = 0

    private let socket: Socket
    private let batch: SyntheticBatch
    private let session = UUID().uuidString
    private let topic: Frame
    private let tensors: JSONValue

    /// Connects to a receiver, and waits until it has subscribed.
    ///
    /// - Parameters:
    ///   - batch: What to send.
    ///   - endpoint: Where the receiver listens.
    ///   - context: The ZeroMQ context.
    /// - Throws: ``ZeroMQError`` where the endpoint is not acceptable.
    public init(_ batch: SyntheticBatch, to endpoint: String, in context: Context) throws {
        var options = SocketOptions()
        options.sendHighWaterMark = 1
        options.isXPUBNoDrop = true
        options.linger = .seconds(10)
        self.socket = try Socket(.xpub, in: context, options: options)
        self.batch = batch
        self.topic = Frame("livecka/1/\(batch.header.run)/")
        self.tensors = .array(batch.header.tensors.map(\.json))
        try self.socket.connect(endpoint)
        guard try self.socket.receiveMessage(timeout: .seconds(10)) != nil else {
            throw ChildProcess.Failure(description: "nobody listens at \(endpoint)")
        }
    }

    /// Sends the batch a number of times, each as soon as there is room.
    ///
    /// - Throws: ``ZeroMQError`` where the context is shut down.
    public func send(count: Int) throws {
        for _ in 0..<count {
            let message = [self.topic, self.nextHeader()] + self.batch.frames
            while try !self.socket.send(message) {
                // Nothing is ever received here: this waits a millisecond for room.
                _ = try self.socket.receiveMessage(timeout: .milliseconds(1))
            }
        }
    }

    /// Sends the batch once, as soon as there is room.
    ///
    /// - Returns: What tells when its last byte has been sent.
    /// - Throws: ``ZeroMQError`` where the context is shut down.
    func sendTracked() throws -> TrackedFrame {
        // A frame of its own, which nobody but libzmq holds afterwards.
        let last = self.batch.frames[self.batch.frames.count - 1].withBytes { Frame(copying: $0) }
        let message = [self.topic, self.nextHeader()] + self.batch.frames.dropLast() + [last]
        while try !self.socket.send(message) {
            _ = try self.socket.receiveMessage(timeout: .milliseconds(1))
        }
        return TrackedFrame(last)
    }

    /// Sends the batch a number of times, and drops and counts it where there is no room in time.
    ///
    /// An emitter in a training job waits for nothing; one that did would flood nobody, since a batch of that size finds
    /// room only a few times a second.
    ///
    /// - Parameters:
    ///   - count: How many batches are attempted.
    ///   - patience: How long each waits for room.
    /// - Throws: ``ZeroMQError`` where the context is shut down.
    public func attempt(count: Int, patience: Duration) throws {
        for _ in 0..<count {
            let message = [self.topic, self.nextHeader()] + self.batch.frames
            let deadline = ContinuousClock.now + patience
            var isSent = try self.socket.send(message)
            while !isSent, ContinuousClock.now < deadline {
                _ = try self.socket.receiveMessage(timeout: .milliseconds(1))
                isSent = try self.socket.send(message)
            }
            if !isSent {
                self.droppedCount += 1
            }
        }
    }

    /// Takes leave, as soon as there is room.
    ///
    /// - Throws: ``ZeroMQError`` where the context is shut down.
    public func sayBye() throws {
        let bye: JSONObject = [
            "v": 1, "type": "bye", "run": .string(self.batch.header.run.name), "session": .string(self.session),
            "seq": .integer(self.attemptedCount), "sent": .integer(self.attemptedCount - self.droppedCount),
            "dropped": .integer(self.droppedCount), "reason": "finished",
        ]
        while try !self.socket.send([self.topic, Frame(JSONValue.object(bye).encoded())]) {
            _ = try self.socket.receiveMessage(timeout: .milliseconds(1))
        }
    }

    private func nextHeader() -> Frame {
        let header: JSONObject = [
            "v": 1, "type": "batch", "run": .string(self.batch.header.run.name), "step": .integer(self.attemptedCount),
            "session": .string(self.session), "seq": .integer(self.attemptedCount),
            "dropped": .integer(self.droppedCount), "tensors": self.tensors,
        ]
        self.attemptedCount += 1
        return Frame(JSONValue.object(header).encoded())
    }
}

extension TensorDescription {
    /// The tensor as a header names it.
    fileprivate var json: JSONValue {
        switch self.payload {
        case .activations(let featureCount):
            [
                "layer": .string(self.layer), "dtype": .string(self.elementType.rawValue),
                "shape": [.integer(self.exampleCount), .integer(featureCount)],
            ]
        case .gram(isPacked: true):
            [
                "layer": .string(self.layer), "dtype": .string(self.elementType.rawValue), "kind": "gram",
                "packed": true, "shape": [.integer(self.exampleCount * (self.exampleCount + 1) / 2)],
            ]
        case .gram(isPacked: false):
            [
                "layer": .string(self.layer), "dtype": .string(self.elementType.rawValue), "kind": "gram",
                "shape": [.integer(self.exampleCount), .integer(self.exampleCount)],
            ]
        }
    }
}
