import Similarity
import Testing
import WireFormat

@testable import Monitoring

/// Random streams of messages against a model that writes down the fate of every number when it is sent.
@Suite("Accounting against a model")
struct AccountingModelTests {
    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func everyCallLeavesAnExactAccount(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let hsic = BatchHSIC.random(using: &generator)
        var stream = Stream()
        for _ in 0..<400 {
            stream.takeStep(using: &generator, hsic: hsic)
            try #require(stream.bench.accounting == stream.model.accounting)
            #expect(stream.bench.accounting.isBalanced)
        }
        while stream.isComputing {
            stream.finish(at: 0, with: .success(hsic))
        }
        #expect(stream.bench.accounting == stream.model.accounting)
        #expect(stream.bench.accounting.pending == 0)
    }
}

/// What became of a number.
private enum Fate: Hashable {
    case pending, accumulated, dropped, lost
    case rejected(RejectionReason)
}

/// A session from an attach to the next detach.
private struct Emitter {
    let number: Int
    var next = 0
    var droppedCount = 0
    var heard: Range<Int>?
    var fates: [Int: Fate] = [:]

    var source: SourceID {
        self.number == 1 ? .bound : .attached
    }

    mutating func hear(upTo end: Int) {
        self.heard = (self.heard?.lowerBound ?? self.next)..<end
    }
}

private struct Model {
    var emitters: [Emitter] = (1...3).map { Emitter(number: $0) }

    /// For each session, which of the emitters it is since the last detach.
    var current = [0, 1, 2]

    var unnumbered: [Fate] = []
    var duplicateCount = 0

    /// The account by its definition: each number that lies in what was heard, by its fate.
    var accounting: Accounting {
        let numbered = self.emitters.flatMap { emitter in
            emitter.fates.filter { emitter.heard?.contains($0.key) ?? false }.values
        }
        var accounting = Accounting(attempted: numbered.count)
        accounting.outside = self.unnumbered.count { $0 == .rejected(.nonFinite) }
        accounting.unnumbered = self.unnumbered.count - accounting.outside
        for fate in numbered + self.unnumbered {
            switch fate {
            case .pending: accounting.pending += 1
            case .accumulated: accounting.accumulated += 1
            case .dropped: accounting.dropped += 1
            case .lost: accounting.lost += 1
            case .rejected(let reason): accounting[reason] += 1
            }
        }
        if self.duplicateCount > 0 {
            accounting[.duplicate] = self.duplicateCount
        }
        return accounting
    }
}

/// The messages, and what the model makes of them.
private struct Stream {
    enum Owner {
        case number(Int, emitter: Int)
        case unnumbered(Int)
    }

    private(set) var bench = Bench(windows: [.pass, .total])
    private(set) var model = Model()

    /// The batches in the order in which they came, each with its fate once that is known.
    private var queue: [(owner: Owner, fate: Fate?)] = []

    var isComputing: Bool {
        !self.bench.sealed.isEmpty
    }

    mutating func takeStep(using generator: inout SeededGenerator, hsic: BatchHSIC) {
        let index = self.model.current[Int.random(in: 0..<3, using: &generator)]
        switch Int.random(in: 0..<14, using: &generator) {
        case 0...2: self.sendBatch(index, isPayloadHeld: Int.random(in: 0..<8, using: &generator) > 0)
        case 3: self.sendParts(index, isComplete: Bool.random(using: &generator))
        case 4:
            let reasons: [RejectionReason] = [.malformed, .version, .dtype, .size]
            self.sendRejected(index, reason: reasons[Int.random(in: 0..<4, using: &generator)])
        case 5: self.skip(index, fate: .dropped)
        case 6: self.skip(index, fate: .lost)
        case 7: self.sendAgain(index, using: &generator)
        case 8: self.sendUnnumbered()
        case 9: self.sendAlive(index)
        case 10 where Int.random(in: 0..<5, using: &generator) == 0: self.detach()
        default:
            guard let place = self.bench.sealed.indices.randomElement(using: &generator) else { return }
            let isFinite = Int.random(in: 0..<4, using: &generator) > 0
            self.finish(at: place, with: isFinite ? .success(hsic) : .failure(NonFiniteLayer(layer: "a")))
        }
    }

    /// Brings the result of a batch, which is decided upon after all that came before it.
    mutating func finish(at place: Int, with result: Result<BatchHSIC, NonFiniteLayer>) {
        let waiting = self.queue.indices.filter { self.queue[$0].fate == nil }
        self.queue[waiting[place]].fate = if case .success = result { .accumulated } else { .rejected(.nonFinite) }
        while let (owner, known) = self.queue.first, let fate = known {
            self.queue.removeFirst()
            switch owner {
            case .number(let seq, let emitter): self.model.emitters[emitter].fates[seq] = fate
            case .unnumbered(let index): self.model.unnumbered[index] = fate
            }
        }
        self.bench.finish(at: place, with: result)
    }

    // MARK: Messages

    private mutating func sendBatch(_ index: Int, isPayloadHeld: Bool) {
        let emitter = self.model.emitters[index]
        let seq = self.use(index, fate: isPayloadHeld ? .pending : .rejected(.overBudget))
        if isPayloadHeld {
            self.queue.append((.number(seq, emitter: index), nil))
        }
        let header = BatchHeader.example(session: emitter.number, seq: seq, dropped: emitter.droppedCount)
        self.bench.send(.batch(header), from: emitter.source, isPayloadHeld: isPayloadHeld)
    }

    private mutating func sendParts(_ index: Int, isComplete: Bool) {
        let emitter = self.model.emitters[index]
        let seq = self.use(index, fate: isComplete ? .pending : .rejected(.incomplete))
        for part in isComplete ? [1, 0] : [1] {
            let header = BatchHeader.example(
                session: emitter.number,
                seq: seq,
                dropped: emitter.droppedCount,
                layers: part == 0 ? ["a", "b"] : ["c"],
                part: part,
                partCount: 2
            )
            self.bench.send(.batch(header), from: emitter.source)
            #expect(self.bench.accounting.isBalanced)
        }
        if isComplete {
            self.queue.append((.number(seq, emitter: index), nil))
        } else {
            self.bench.pass(.seconds(30))
        }
    }

    private mutating func sendRejected(_ index: Int, reason: RejectionReason) {
        let emitter = self.model.emitters[index]
        guard self.bench.state != nil else { return }
        let seq = self.use(index, fate: .rejected(reason))
        let rejection = Rejection(
            reason: reason,
            detail: "",
            session: .numbered(emitter.number),
            seq: seq,
            part: 0,
            dropped: emitter.droppedCount
        )
        self.bench.send(.rejected(rejection), from: emitter.source)
    }

    private mutating func skip(_ index: Int, fate: Fate) {
        self.model.emitters[index].fates[self.model.emitters[index].next] = fate
        self.model.emitters[index].next += 1
        self.model.emitters[index].droppedCount += fate == .dropped ? 1 : 0
    }

    private mutating func sendAgain(_ index: Int, using generator: inout SeededGenerator) {
        let emitter = self.model.emitters[index]
        let arrived = emitter.fates.filter {
            emitter.heard?.contains($0.key) ?? false && ![.dropped, .lost].contains($0.value)
        }
        guard let seq = arrived.keys.sorted().randomElement(using: &generator) else { return }
        self.model.duplicateCount += 1
        // Of an incomplete batch, only this part has come.
        let isPart = emitter.fates[seq] == .rejected(.incomplete)
        let header = BatchHeader.example(
            session: emitter.number,
            seq: seq,
            part: isPart ? 1 : 0,
            partCount: isPart ? 2 : 1
        )
        self.bench.send(.batch(header), from: emitter.source)
    }

    private mutating func sendUnnumbered() {
        self.queue.append((.unnumbered(self.model.unnumbered.count), nil))
        self.model.unnumbered.append(.pending)
        self.bench.send(.batch(.example(session: nil)))
    }

    private mutating func sendAlive(_ index: Int) {
        self.model.emitters[index].hear(upTo: self.model.emitters[index].next)
        let emitter = self.model.emitters[index]
        let alive = Alive(
            run: .example,
            session: .numbered(emitter.number),
            seq: emitter.next,
            dropped: emitter.droppedCount
        )
        self.bench.send(.alive(alive), from: emitter.source)
    }

    /// The sessions that were heard there go on with their numbers, and count anew.
    private mutating func detach() {
        self.bench.take(self.bench.monitor.detach(.attached, now: self.bench.now))
        for number in self.model.current.indices.dropFirst() {
            let old = self.model.emitters[self.model.current[number]]
            self.model.current[number] = self.model.emitters.count
            self.model.emitters.append(Emitter(number: old.number, next: old.next, droppedCount: old.droppedCount))
        }
    }

    /// The next number of an emitter, which is heard with it.
    private mutating func use(_ index: Int, fate: Fate) -> Int {
        let seq = self.model.emitters[index].next
        self.model.emitters[index].hear(upTo: seq + 1)
        self.model.emitters[index].fates[seq] = fate
        self.model.emitters[index].next += 1
        return seq
    }
}
