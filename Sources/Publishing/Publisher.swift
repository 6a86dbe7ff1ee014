internal import Glibc
public import Monitoring
internal import Synchronization
internal import Threads
public import WireFormat
public import ZeroMQ

/// The thread that publishes matrices, events and heartbeats.
///
/// It turns sums into matrices, keeps the latest message of every topic, and answers each new
/// subscription with those that it covers. A subscriber whose queue is full is waited for, a moment at most. One that does
/// not keep up loses messages at its own connection only, and sees it by the gap in `seq`.
public final class Publisher: Sendable {
    /// The endpoint that is bound, with wildcards resolved.
    public let endpoint: String

    private let wakeUp: WakeUp
    private let shared = Shared()
    private let thread: NamedThread

    /// What the thread shares with others.
    fileprivate final class Shared: Sendable {
        let outbox = Mutex(Outbox())
        let isStopping = Atomic(false)
    }

    /// Binds the socket and starts the thread.
    ///
    /// - Parameters:
    ///   - endpoint: Where subscribers connect.
    ///   - context: The ZeroMQ context.
    ///   - epoch: A number that no earlier start of the daemon has used.
    ///   - patience: How long a burst may wait for subscribers whose queues are full. A late subscriber is to have the active
    ///     alerts within a tenth of a second, whatever others do.
    /// - Throws: ``ZeroMQError`` where the endpoint cannot be bound, ``SystemError`` where there are no more threads.
    public init(
        endpoint: String,
        context: Context,
        epoch: Int,
        patience: Duration = .milliseconds(20)
    ) throws {
        var options = SocketOptions()
        options.isXPUBVerbose = true
        options.isXPUBNoDrop = true
        options.sendHighWaterMark = 64
        options.linger = .milliseconds(200)
        // What subscribers send is subscriptions, and no topic is as long as this.
        options.maximumFrameByteCount = 1024
        let socket = try Socket(.xpub, in: context, options: options)
        let wakeUp = try WakeUp()
        let shared = self.shared
        self.endpoint = try socket.bind(endpoint)
        self.wakeUp = wakeUp
        let loop = PublisherLoop(
            socket: socket,
            wakeUp: wakeUp,
            shared: shared,
            epoch: epoch,
            patience: DeliveryPatience(limit: patience)
        )
        self.thread = try NamedThread(name: "publish") { loop.run() }
    }

    /// How many messages were dropped because matrices came faster than they could be computed.
    public var droppedCount: Int {
        self.shared.outbox.withLock { $0.droppedCount }
    }

    /// Publishes the matrix of a window.
    public func publish(_ reading: WindowReading) {
        self.append(.matrix(reading))
    }

    /// Publishes an event.
    public func publish(_ event: MonitorEvent) {
        self.append(.event(event))
    }

    /// Publishes something that was numbered elsewhere, and keeps it for late subscribers.
    public func publish(_ publication: NumberedPublication) {
        self.append(.numbered(publication))
    }

    /// Keeps nothing more of a topic for late subscribers.
    public func withdraw(_ topic: Topic) {
        self.append(.withdraw(topic))
    }

    /// Forgets what was published of a run.
    public func forget(_ run: RunID) {
        self.append(.forget(run))
    }

    /// Publishes what waits, ends the thread, and waits for it.
    public func stop() {
        self.shared.isStopping.store(true, ordering: .relaxed)
        self.wakeUp.signal()
        self.thread.join()
    }

    private func append(_ entry: Outbox.Entry) {
        if self.shared.outbox.withLock({ $0.append(entry) }) {
            self.wakeUp.signal()
        }
    }
}

/// The publisher's state, confined to its thread.
private final class PublisherLoop {
    /// How long matrices are computed and sent before anything else has its turn.
    ///
    /// Short, since a late subscriber is to have the active alerts within a tenth of a second.
    private static let publishingTime = Duration.milliseconds(50)

    /// How many subscriptions are taken before anything else has its turn.
    private static let subscriptionCount = 256

    private let socket: Socket
    private let wakeUp: WakeUp
    private let shared: Publisher.Shared
    private var composer: MessageComposer
    private var cache = LastValueCache()
    private var nextHeartbeat = ContinuousClock.now

    private var owedTopics = OwedTopics()
    private var patience: DeliveryPatience

    init(socket: Socket, wakeUp: WakeUp, shared: Publisher.Shared, epoch: Int, patience: DeliveryPatience) {
        self.socket = socket
        self.wakeUp = wakeUp
        self.shared = shared
        self.composer = MessageComposer(epoch: epoch)
        self.patience = patience
    }

    func run() {
        let poller = Poller()
        poller.add(self.socket)
        poller.add(fileDescriptor: self.wakeUp.fileDescriptor)
        while true {
            do {
                let isLast = self.shared.isStopping.load(ordering: .relaxed)
                if isLast {
                    // What waits is to go out to the others.
                    self.patience = DeliveryPatience(limit: .zero)
                }
                try self.publishWaiting()
                guard !isLast else { return }
                try self.beat()
                try self.receiveSubscriptions()
                try self.answerSubscriptions()
                let now = ContinuousClock.now
                guard self.shared.outbox.withLock({ $0.isEmpty }) else {
                    try self.receiveSubscriptions()
                    continue
                }
                let next = min(self.nextHeartbeat, self.owedTopics.nextPortion(now: now) ?? self.nextHeartbeat)
                _ = try poller.wait(timeout: now.duration(to: next))
                self.wakeUp.drain()
                try self.receiveSubscriptions()
            } catch {
                // Only a context that was shut down under the socket ends here.
                return
            }
        }
    }

    /// Publishes what waits, for a while: heartbeats and subscriptions have their turn, and a daemon that stops ends.
    private func publishWaiting() throws(ZeroMQError) {
        let end = ContinuousClock.now + Self.publishingTime
        while ContinuousClock.now < end, let entry = self.shared.outbox.withLock({ $0.popFirst() }) {
            switch entry {
            case .matrix(let reading):
                let matrix = self.composer.number(reading)
                if try self.isWanted(reading) {
                    try self.send(matrix.composed(), isKept: true)
                } else {
                    self.cache.store(matrix)
                }
                try self.sendFirstComponents(of: reading)
            case .event(let event):
                try self.send(self.composer.compose(event), isKept: false)
            case .numbered(let publication):
                try self.send(self.composer.compose(publication), isKept: true)
            case .withdraw(let topic):
                self.cache.remove(topic: topic.description)
            case .forget(let run):
                self.cache.remove(prefix: "cka/\(run.name)/")
                self.cache.remove(prefix: "pc1/\(run.name)/")
            }
        }
    }

    /// Whether a matrix is to be written now, and not when somebody subscribes to it.
    ///
    /// Subscriptions are looked at first, since whoever has had a message from here gets all that follow.
    private func isWanted(_ reading: WindowReading) throws(ZeroMQError) -> Bool {
        try self.receiveSubscriptions()
        return self.shared.outbox.withLock { $0.isAskedFor(reading) }
    }

    /// Publishes the first components of a window, or forgets those it had: a window that holds them no more would
    /// seem to hold them still.
    private func sendFirstComponents(of reading: WindowReading) throws(ZeroMQError) {
        if let message = self.composer.composeFirstComponents(reading) {
            try self.send(message, isKept: true)
        } else {
            let topic = Topic.firstComponents(run: reading.run, window: reading.window.name)
            self.cache.remove(topic: topic.description)
        }
    }

    private func beat() throws(ZeroMQError) {
        let now = ContinuousClock.now
        guard now >= self.nextHeartbeat else { return }
        self.nextHeartbeat = max(self.nextHeartbeat + .seconds(1), now)
        try self.send(self.composer.composeHeartbeat(), isKept: true)
    }

    private func send(_ message: ComposedMessage, isKept: Bool) throws(ZeroMQError) {
        if isKept {
            self.cache.store(message)
        }
        self.owedTopics.remove(message.topic)
        try self.deliver(message.frames)
    }

    /// Sends a message to its subscribers, and drops it for those whose queues stay full.
    ///
    /// More than a queue holds can go out in one burst, before the thread that empties the queues has had its turn.
    private func deliver(_ frames: [Frame]) throws(ZeroMQError) {
        guard try !self.socket.send(frames) else { return }
        let start = ContinuousClock.now
        let end = start + self.patience.allowance(now: start)
        var isSent = false
        while !isSent, ContinuousClock.now < end {
            usleep(1000)
            // libzmq looks at once whether there is room now; sending alone may put that off.
            try self.receiveSubscriptions()
            isSent = try self.socket.send(frames)
        }
        let now = ContinuousClock.now
        self.patience.spend(start.duration(to: now), now: now)
        guard !isSent else { return }
        try self.socket.setXPUBNoDrop(false)
        _ = try self.socket.send(frames)
        try self.socket.setXPUBNoDrop(true)
    }

    /// Takes note of the topics that new subscriptions cover.
    ///
    /// XPUB hands a subscription over as a byte, 1 to subscribe and 0 to unsubscribe, and the prefix.
    private func receiveSubscriptions() throws(ZeroMQError) {
        for _ in 0..<Self.subscriptionCount {
            guard let frames = try self.socket.receiveMessage() else { return }
            let bytes = frames[0].bytes
            guard bytes.first == 1 else { continue }
            let prefix = Array(bytes.dropFirst())
            self.shared.outbox.withLock { $0.insert(subscription: prefix) }
            self.owedTopics.insert(self.cache.topics(prefix: prefix))
        }
    }

    /// Sends the latest message of some of the topics that are owed.
    private func answerSubscriptions() throws(ZeroMQError) {
        for topic in self.owedTopics.takePortion(now: .now) {
            if let message = self.cache.message(topic: topic) {
                try self.deliver(message)
            }
        }
    }
}
