import Similarity
import Testing
import WireFormat

@testable import Monitoring

/// A small generator with a fixed seed: SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var word = self.state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

extension SessionID {
    /// A session for tests.
    static func numbered(_ number: Int) -> SessionID {
        let digits = String(number, radix: 16)
        let text = "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
        guard let session = SessionID(text) else {
            preconditionFailure("\(text) is no UUID")
        }
        return session
    }
}

extension RunID {
    static let example = named("example")
    static let other = named("other")

    private static func named(_ name: String) -> RunID {
        guard let run = RunID(name) else {
            preconditionFailure("\(name) is no name of a run")
        }
        return run
    }
}

extension SourceID {
    static let bound = SourceID(endpoint: "tcp://127.0.0.1:5571")
    static let attached = SourceID(endpoint: "tcp://127.0.0.1:6000")
}

extension WindowDefinition {
    static let pass = WindowDefinition(name: "pass", kind: .pass)
    static let recent = WindowDefinition(name: "recent", kind: .sliding(batchCount: 16))
    static let trend = WindowDefinition(name: "trend", kind: .decay(halfLife: 4))
    static let total = WindowDefinition(name: "total", kind: .total)
}

extension BatchHSIC {
    /// A contribution of random self terms and cross terms.
    static func random(layerCount: Int = 3, exampleCount: Int = 16, using generator: inout SeededGenerator) -> BatchHSIC
    {
        BatchHSIC(
            exampleCount: exampleCount,
            products: (0..<layerCount * (layerCount + 1) / 2).map { _ in .random(in: 0.5...2, using: &generator) },
            traces: (0..<layerCount).map { _ in .random(in: 1...3, using: &generator) },
            isConstant: Array(repeating: false, count: layerCount)
        )
    }
}

extension BatchHeader {
    /// A header of tensors that nobody looks at.
    static func example(
        step: Int = 0,
        session: Int? = 1,
        seq: Int? = nil,
        dropped: Int? = nil,
        layers: [String] = ["a", "b", "c"],
        indices: [Int]? = nil,
        layerCount: Int? = nil,
        part: Int = 0,
        partCount: Int = 1,
        batch: Int? = nil,
        batches: Int? = nil,
        probe: String? = nil,
        exampleCount: Int = 16
    ) -> BatchHeader {
        BatchHeader(
            run: .example,
            step: step,
            session: session.map(SessionID.numbered),
            seq: seq,
            dropped: dropped,
            layerCount: layerCount,
            part: part,
            partCount: partCount,
            batchIndex: batch,
            batchCount: batches,
            probe: probe,
            tensors: layers.enumerated().map { place, layer in
                TensorDescription(
                    layer: layer,
                    elementType: .float32,
                    exampleCount: exampleCount,
                    payload: .activations(featureCount: 2),
                    index: indices?[place],
                    byteCount: 8 * exampleCount
                )
            },
            exampleCount: exampleCount
        )
    }
}

/// A monitor with a clock, and the workers' part: every batch that is sealed waits for its result.
struct Bench {
    let memory: MemoryBudget
    var monitor: Monitor
    var now = Duration.zero

    /// The batches that are being computed, with their layers.
    private(set) var sealed: [(batch: BatchID, layerCount: Int)] = []

    /// The events, passes and rejections so far.
    private(set) var events: [MonitorEvent.Kind] = []
    private(set) var passes: [WindowReading] = []
    private(set) var rejections: [RejectionReason] = []
    private(set) var abandoned: [BatchID] = []
    private(set) var evaluations: [WindowReading] = []
    private(set) var changes: [RunStateChange] = []

    var states: [RunState] { self.changes.map(\.state) }
    private(set) var nonFiniteLayers: [String] = []

    init(
        windows: [WindowDefinition] = [.pass, .recent, .trend, .total],
        watchedWindows: Set<String> = [],
        maximumRunCount: Int = 256,
        maximumLayerCount: Int = 4096,
        memory: Int = 1 << 30
    ) {
        self.memory = MemoryBudget(limit: memory)
        let settings = MonitorSettings(
            windows: windows,
            watchedWindows: watchedWindows,
            maximumRunCount: maximumRunCount,
            maximumLayerCount: maximumLayerCount
        )
        self.monitor = Monitor(settings: settings, memory: self.memory)
    }

    var accounting: Accounting {
        self.monitor.reading(of: .example, now: self.now)?.accounting ?? Accounting()
    }

    var state: String? {
        self.monitor.reading(of: .example, now: self.now)?.state
    }

    func sums(_ window: WindowDefinition) -> WindowSums? {
        self.monitor.reading(of: .example, window: window)?.sums
    }

    mutating func take(_ actions: [MonitorAction]) {
        for action in actions {
            switch action {
            case .seal(let batch, let order): self.sealed.append((batch, order.count))
            case .event(let event): self.events.append(event.kind)
            case .passEnded(let reading): self.passes.append(reading)
            case .rejected(_, let rejection): self.rejections.append(rejection.reason)
            case .abandon(let batch): self.abandoned.append(batch)
            case .evaluate(let reading): self.evaluations.append(reading)
            case .stateChanged(let change): self.changes.append(change)
            case .nonFinite(let batch): self.nonFiniteLayers.append(batch.layer)
            case .compute, .windowsChanged, .forgotten: break
            }
        }
    }

    mutating func send(
        _ content: EmitterMessage.Content,
        run: RunID? = .example,
        from source: SourceID = .bound,
        isPayloadHeld: Bool = true
    ) {
        let message = EmitterMessage(run: run, content: content)
        self.take(self.monitor.receive(message, from: source, isPayloadHeld: isPayloadHeld, now: self.now))
    }

    /// Sends a batch and brings its result at once.
    mutating func add(_ header: BatchHeader, _ hsic: BatchHSIC) {
        self.send(.batch(header))
        self.finish(with: .success(hsic))
    }

    /// Brings the result of the batch at a place among those that are being computed.
    mutating func finish(at place: Int = 0, with result: Result<BatchHSIC, NonFiniteLayer>) {
        guard self.sealed.indices.contains(place) else { return }
        let batch = self.sealed.remove(at: place).batch
        self.take(self.monitor.finish(batch, with: result, now: self.now))
    }

    mutating func pass(_ duration: Duration) {
        self.now += duration
        self.take(self.monitor.tick(now: self.now))
    }
}
