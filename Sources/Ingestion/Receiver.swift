public import Monitoring
internal import Synchronization
internal import Threads
public import ZeroMQ

/// The thread that listens for batches, and does nothing else.
///
/// A SUB socket that is not polled does not subscribe, and one that is not read makes its emitters
/// drop. So this thread only receives whole messages, reserves their bytes, and hands them over. It
/// never waits for anybody: where the hand-over is full it leaves the messages with libzmq, whose
/// queues are short, and the emitters count what they could not send.
public final class Receiver: Sendable {
    /// What the receiver has seen.
    public struct Reading: Sendable {
        /// The endpoints that are bound, with wildcards resolved.
        public var bound: [String] = []
        /// The endpoints that are connected to.
        public var connected: [String] = []
        /// How many connections were lost, those cut because of a frame that was too long included.
        public var disconnectCount = 0
    }

    private enum Command: Sendable {
        case attach(endpoint: String, run: String?)
        case detach(endpoint: String)
    }

    private struct Request: Sendable {
        let command: Command
        let answer: Mailbox<Result<Void, AttachError>>
    }

    private let wakeUp: WakeUp
    private let requests: Mailbox<Request>
    private let thread: NamedThread
    private let state: Shared

    /// What the thread shares with others.
    private final class Shared: Sendable {
        let reading = Mutex(Reading())
        let isStopping = Atomic(false)
    }

    /// Binds, connects, and starts to listen.
    ///
    /// - Parameters:
    ///   - settings: Where to listen.
    ///   - context: The ZeroMQ context.
    ///   - memory: The budget that pays for the tensors of the messages.
    ///   - handOver: Takes each message on the receiver's thread, without waiting; `false` where there is no room now.
    /// - Throws: ``ZeroMQError`` where an endpoint cannot be bound, ``AttachError`` where one cannot be connected to,
    ///   ``SystemError`` where there are no more threads.
    public init(
        settings: ReceiverSettings,
        context: Context,
        memory: MemoryBudget,
        handOver: @escaping @Sendable (IncomingMessage) -> Bool
    ) throws {
        let shared = Shared()
        let wakeUp = try WakeUp()
        let requests = Mailbox<Request>(capacity: 64, wakeUp: wakeUp)
        let loop = Loop(
            settings: settings,
            context: context,
            memory: memory,
            wakeUp: wakeUp,
            requests: requests,
            shared: shared,
            handOver: handOver
        )
        for endpoint in settings.bind {
            try loop.bind(endpoint)
        }
        for endpoint in settings.connect {
            try loop.attach(endpoint, run: nil)
        }
        self.wakeUp = wakeUp
        self.requests = requests
        self.state = shared
        self.thread = try NamedThread(name: "ingest") { loop.run() }
    }

    /// What the receiver has seen.
    public var reading: Reading {
        self.state.reading.withLock { $0 }
    }

    /// Starts to listen to an emitter that has bound its socket.
    ///
    /// Returns at once: connections are made, and made again, in the background.
    ///
    /// - Parameters:
    ///   - endpoint: Where the emitter listens.
    ///   - run: The run to hear, `nil` for all that are sent there.
    /// - Throws: ``AttachError`` where nothing can listen there, or the receiver is stopping.
    public func attach(_ endpoint: String, run: String?) throws(AttachError) {
        try self.perform(.attach(endpoint: endpoint, run: run))
    }

    /// Stops listening to an emitter.
    ///
    /// What it has sent and has not been handed over is let go of.
    ///
    /// - Throws: ``AttachError`` where the receiver does not listen there, or is stopping.
    public func detach(_ endpoint: String) throws(AttachError) {
        try self.perform(.detach(endpoint: endpoint))
    }

    /// Ends the thread and waits for it.
    ///
    /// The sockets close, and who still waits for an attach or a detach is refused.
    public func stop() {
        self.state.isStopping.store(true, ordering: .relaxed)
        self.wakeUp.signal()
        self.thread.join()
    }

    private func perform(_ command: Command) throws(AttachError) {
        let answer = Mailbox<Result<Void, AttachError>>(capacity: 1)
        guard self.requests.push(Request(command: command, answer: answer)),
            let result = answer.pop(timeout: .seconds(5))
        else {
            throw .stopping
        }
        try result.get()
    }
}

extension Receiver {
    /// The thread's state, confined to it.
    private final class Loop {
        /// How many messages are taken from one socket before the next one has its turn.
        private static let turn = 16

        private var lines: [IngestLine] = []
        private let settings: ReceiverSettings
        private let context: Context
        private let memory: MemoryBudget
        private let wakeUp: WakeUp
        private let requests: Mailbox<Request>
        private let shared: Shared
        private let handOver: @Sendable (IncomingMessage) -> Bool

        /// Waits for everything.
        private let poller = Poller()

        /// Waits for requests only, while a message is parked: sockets that are not received from stay readable.
        private let requestPoller = Poller()

        /// A message for which there was no room.
        ///
        /// Nothing else is received until it has been taken.
        private var parked: IncomingMessage?

        /// The bytes that are set aside for what connections may be sending.
        private var setAside = 0

        /// The place of the line that is received from first, so that each one is.
        private var firstLine = 0

        init(
            settings: ReceiverSettings,
            context: Context,
            memory: MemoryBudget,
            wakeUp: WakeUp,
            requests: Mailbox<Request>,
            shared: Shared,
            handOver: @escaping @Sendable (IncomingMessage) -> Bool
        ) {
            self.settings = settings
            self.context = context
            self.memory = memory
            self.wakeUp = wakeUp
            self.requests = requests
            self.shared = shared
            self.handOver = handOver
        }

        /// Listens until the receiver is stopped.
        func run() {
            self.poller.add(fileDescriptor: self.wakeUp.fileDescriptor)
            self.requestPoller.add(fileDescriptor: self.wakeUp.fileDescriptor)
            do {
                while !self.shared.isStopping.load(ordering: .relaxed) {
                    try self.turn()
                }
            } catch {
                // Only a context that was shut down under the sockets ends here.
            }
            self.letGoOfParked { _ in true }
            self.setAside = self.memory.setAside(0, insteadOf: self.setAside, for: .connections)
            self.requests.close()
            for request in self.requests.drain() {
                _ = request.answer.push(.failure(.stopping))
            }
        }

        private func turn() throws(ZeroMQError) {
            if let parked = self.parked, self.handOver(parked) {
                self.parked = nil
            }
            let isParked = self.parked != nil
            if isParked {
                _ = try self.requestPoller.wait(timeout: .milliseconds(1))
            }
            // Sockets are polled at all times, because a SUB that is not polled does not subscribe, and events are read
            // at all times, because libzmq's own thread waits where they pile up.
            let readiness = try self.poller.wait(timeout: isParked ? .zero : .seconds(1))
            for line in self.lines where readiness.contains(line.monitor.socket) {
                let count = try line.countDisconnects()
                self.shared.reading.withLock { $0.disconnectCount += count }
                self.setMemoryAside()
            }
            if !isParked {
                try self.receive { readiness.contains($0.socket) }
            }
            if readiness.contains(fileDescriptor: self.wakeUp.fileDescriptor) {
                self.performRequests()
            }
        }

        /// Receives from the lines that are ready, in turn, until one message is parked.
        private func receive(where isReady: (IngestLine) -> Bool) throws(ZeroMQError) {
            let first = self.firstLine
            for offset in self.lines.indices where self.parked == nil {
                let index = (first + offset) % self.lines.count
                if isReady(self.lines[index]) {
                    try self.receive(from: self.lines[index])
                    self.firstLine = index + 1
                }
            }
        }

        private func receive(from line: IngestLine) throws(ZeroMQError) {
            for _ in 0..<Self.turn {
                guard self.parked == nil, let frames = try line.receiveMessage() else { return }
                self.setMemoryAside()
                let message = IncomingMessage(frames: frames, source: line.source, memory: self.memory)
                if !self.handOver(message) {
                    self.parked = message
                }
            }
        }

        /// Sets memory aside for what connections may be sending.
        private func setMemoryAside() {
            let limit = self.memory.limit
            let needed = self.lines.reduce(0) { $0 + $1.largestMessages.total }
            let largest = self.lines.reduce(0) { max($0, $1.largestMessages.largest) }
            let wanted = LargestMessages.share(of: limit, total: needed, largest: largest)
            self.setAside = self.memory.setAside(wanted, insteadOf: self.setAside, for: .connections)
        }

        /// Lets go of the parked message where its source fits a condition.
        private func letGoOfParked(where condition: (SourceID) -> Bool) {
            guard let parked = self.parked, condition(parked.source) else { return }
            self.memory.release(parked.heldByteCount)
            self.parked = nil
        }

        private func performRequests() {
            self.wakeUp.drain()
            for request in self.requests.drain() {
                let result = Result<Void, AttachError> { () throws(AttachError) in
                    switch request.command {
                    case .attach(let endpoint, let run): try self.attach(endpoint, run: run)
                    case .detach(let endpoint): try self.detach(endpoint)
                    }
                }
                _ = request.answer.push(result)
            }
        }

        /// Listens at an endpoint.
        func bind(_ endpoint: String) throws(ZeroMQError) {
            let line = try IngestLine(binding: endpoint, context: self.context, settings: self.settings)
            self.append(line)
            self.shared.reading.withLock { $0.bound.append(line.source.endpoint) }
        }

        /// Listens to an emitter, or to one more of its runs.
        func attach(_ endpoint: String, run: String?) throws(AttachError) {
            guard !self.shared.reading.withLock({ $0.bound.contains(endpoint) }) else {
                throw .unacceptable(
                    endpoint: endpoint,
                    reason: "the daemon listens there itself; emitters connect to it"
                )
            }
            do throws(ZeroMQError) {
                if let line = self.lines.first(where: { $0.source.endpoint == endpoint }) {
                    try line.subscribe(run: run)
                    return
                }
                self.append(
                    try IngestLine(connecting: endpoint, run: run, context: self.context, settings: self.settings)
                )
                self.shared.reading.withLock { $0.connected.append(endpoint) }
            } catch {
                throw .unacceptable(
                    endpoint: endpoint,
                    reason: "\(error); an endpoint looks like tcp://HOST:PORT or ipc:///PATH"
                )
            }
        }

        private func append(_ line: IngestLine) {
            self.lines.append(line)
            self.poller.add(line.socket)
            self.poller.add(line.monitor.socket)
        }

        private func detach(_ endpoint: String) throws(AttachError) {
            let isConnected = self.shared.reading.withLock { reading in
                let index = reading.connected.firstIndex(of: endpoint)
                index.map { _ = reading.connected.remove(at: $0) }
                return index != nil
            }
            guard isConnected, let index = self.lines.firstIndex(where: { $0.source.endpoint == endpoint }) else {
                throw .notAttached(endpoint: endpoint)
            }
            let line = self.lines.remove(at: index)
            self.poller.remove(line.socket)
            self.poller.remove(line.monitor.socket)
            self.setMemoryAside()
            // It would come up again as a new session, after everybody has heard of the detach.
            self.letGoOfParked { $0 == line.source }
        }
    }
}
