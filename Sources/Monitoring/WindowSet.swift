internal import Similarity
internal import WireFormat

/// The windows of one generation of a run, side by side.
struct WindowSet: Sendable {
    fileprivate enum Window: Sendable {
        case pass
        case sliding(SlidingWindow)
        case decay(DecayWindow)
        case total(GroupedSums, FirstComponentSums, WindowCoverage)
    }

    private let definitions: [WindowDefinition]
    private let layerCount: Int
    private var windows: [Window]
    private var passes: PassTracker

    /// For each window the batches since its last evaluation.
    private var batchCounts: [Int]

    /// Creates empty windows.
    init(definitions: [WindowDefinition], layerCount: Int) {
        self.definitions = definitions
        self.layerCount = layerCount
        self.windows = definitions.map { Self.emptyWindow($0.kind, layerCount: layerCount) }
        self.passes = PassTracker(layerCount: layerCount)
        self.batchCounts = definitions.map { _ in 0 }
    }

    /// The bytes that the windows hold at most, with the matrices that are published of them.
    static func byteCount(definitions: [WindowDefinition], layerCount: Int) -> Int {
        let accumulator = HSICAccumulator.byteCount(layerCount: layerCount)
        // The last pass and those that are open, in eight groups each; a read-out copies one group of each window.
        let passes = 1 + PassTracker.maximumOpenCount
        let sums = definitions.reduce(passes * GroupedSums.groupCount) { count, definition in
            switch definition.kind {
            case .pass: count + 1
            case .sliding: count + 10
            case .decay, .total: count + GroupedSums.groupCount + 1
            }
        }
        let matrices = definitions.count * 2 * layerCount * layerCount * MemoryLayout<Double>.stride
        return sums * accumulator + matrices
    }

    /// The bytes that the first components of the windows' batches take at most, with what is published of them.
    static func firstComponentByteCount(definitions: [WindowDefinition], layerCount: Int) -> Int {
        // The last pass and those that are open; a read-out merges the sums of a sliding window.
        let sums = definitions.reduce(1 + PassTracker.maximumOpenCount) { count, definition in
            if case .sliding = definition.kind { count + 10 } else { count + 2 }
        }
        let matrices = definitions.count * 2 * layerCount * layerCount * MemoryLayout<Double>.stride
        return sums * FirstComponentAccumulator.byteCount(layerCount: layerCount) + matrices
    }

    /// Adds a batch to every window.
    ///
    /// - Returns: The passes that this ends, in order.
    mutating func add(_ batch: AppliedBatch, now: Duration) -> [Pass] {
        for index in self.windows.indices {
            self.windows[index].add(batch)
            self.batchCounts[index] += 1
        }
        return self.passes.add(batch, now: now)
    }

    /// Takes the windows that have come to their hops.
    ///
    /// Passes are not among them: they are evaluated when they end.
    mutating func takeDueEvaluations() -> [WindowDefinition] {
        self.definitions.indices.filter { index in
            guard let hop = self.definitions[index].kind.hop, self.batchCounts[index] >= hop else { return false }
            self.batchCounts[index] = 0
            return true
        }.map { self.definitions[$0] }
    }

    /// Settles the place of a rejected batch in its pass.
    mutating func reject(step: Int, place: Pass.Place, now: Duration) -> [Pass] {
        self.passes.reject(step: step, place: place, now: now)
    }

    /// Ends the passes in which only this session took part.
    mutating func end(session: SessionID?) -> [Pass] {
        self.passes.end(session: session)
    }

    /// Ends all passes: no more batches will come.
    mutating func endPasses() -> [Pass] {
        self.passes.endAll()
    }

    /// Ends the passes of which nothing has come for the assembly time.
    mutating func tick(now: Duration, assembly: Duration) -> [Pass] {
        self.passes.tick(now: now, assembly: assembly)
    }

    /// Empties one window, or all of them.
    mutating func reset(window name: String?) {
        for (index, definition) in self.definitions.enumerated() where name == nil || definition.name == name {
            self.windows[index] = Self.emptyWindow(definition.kind, layerCount: self.layerCount)
            self.batchCounts[index] = 0
        }
        if name == nil || self.definitions.contains(where: { $0.name == name && $0.kind == .pass }) {
            self.passes = PassTracker(layerCount: self.layerCount)
        }
    }

    /// What a window holds now, or `nil` while it holds nothing.
    ///
    /// - Parameters:
    ///   - definition: The window.
    ///   - shares: The shares of the examples of the latest batches.
    /// - Returns: The sums, and what they cover.
    /// - Precondition: The window is defined.
    func sums(of definition: WindowDefinition, shares: ShareStore = ShareStore()) -> WindowSums? {
        guard let index = self.definitions.firstIndex(of: definition) else {
            preconditionFailure("No window is named \(definition.name)")
        }
        switch self.windows[index] {
        case .pass:
            return self.passes.last.map { WindowSums(pass: $0, shares: shares) }
        case .sliding(let window):
            // Stretches separate times, not examples: a probe set has the errors of one pass over it.
            let coverage = window.coverage
            let errorGroups = coverage.hasProbe ? self.passes.last?.groups ?? [] : nil
            return WindowSums(
                coverage: coverage,
                groups: window.groups,
                firstComponents: window.firstComponents,
                shares: shares,
                errorGroups: errorGroups
            )
        case .decay(let window):
            return WindowSums(
                coverage: window.coverage,
                groups: window.groups,
                firstComponents: window.firstComponents,
                shares: shares,
                effectiveBatchCount: window.effectiveBatchCount
            )
        case .total(let sums, let firstComponents, let coverage):
            return WindowSums(
                coverage: coverage,
                groups: sums.nonEmptyGroups,
                firstComponents: firstComponents,
                shares: shares
            )
        }
    }

    private static func emptyWindow(_ kind: WindowDefinition.Kind, layerCount: Int) -> Window {
        switch kind {
        case .pass: .pass
        case .sliding(let batchCount): .sliding(SlidingWindow(batchCount: batchCount, layerCount: layerCount))
        case .decay(let halfLife): .decay(DecayWindow(halfLife: halfLife, layerCount: layerCount))
        case .total: .total(GroupedSums(layerCount: layerCount), FirstComponentSums(), WindowCoverage())
        }
    }
}

extension WindowSet.Window {
    fileprivate mutating func add(_ batch: AppliedBatch) {
        // Each case is taken out while it is mutated: a second reference would copy its sums.
        switch consume self {
        case .pass:
            self = .pass
        case .sliding(var window):
            window.add(batch)
            self = .sliding(window)
        case .decay(var window):
            window.add(batch)
            self = .decay(window)
        case .total(var sums, var firstComponents, var coverage):
            sums.add(batch)
            firstComponents.add(batch)
            coverage.add(batch)
            self = .total(sums, firstComponents, coverage)
        }
    }
}
