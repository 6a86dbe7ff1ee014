public import LinearAlgebra
internal import Similarity
internal import Threads
internal import WireFormat
internal import ZeroMQ

/// Measures what the engine makes of batches that are in memory, against the rate of matrix products.
public struct EngineBenchmark: Sendable {
    private let threadCount: Int
    private let rounds: Int
    private let inFlight: Int
    private let roundSeconds: Double
    private let rate: ProcessorRate

    /// Describes a measurement.
    ///
    /// - Parameters:
    ///   - threadCount: The number of the engine's workers, and of the floor's threads.
    ///   - rounds: How many rounds count.
    ///   - inFlight: How many batches are with the engine at one time.
    ///   - roundSeconds: How long a round measures at least, so that a small batch is computed many times.
    public init(threadCount: Int, rounds: Int, inFlight: Int, roundSeconds: Double = 0.15) {
        self.threadCount = threadCount
        self.rounds = rounds
        self.inFlight = inFlight
        self.roundSeconds = roundSeconds
        self.rate = ProcessorRate(threadCount: threadCount, duration: .seconds(roundSeconds))
    }

    /// Measures the whole path of a batch.
    ///
    /// - Parameters:
    ///   - name: The row's name.
    ///   - shape: The batch's size.
    ///   - elementType: How its numbers are stored.
    /// - Returns: The figure and its floor.
    /// - Throws: An error where there are no more threads.
    public func row(_ name: String, _ shape: BatchShape, _ elementType: ElementType) throws -> BenchmarkRow {
        let batches = SyntheticBatch(shape, elementType, run: .benchmark).repeatedBeyondCache()
        let trial = try EngineTrial(threadCount: self.threadCount)
        return try self.row(name, shape, elementType) { count in
            try trial.compute(batches, count: count, inFlight: self.inFlight)
        }
    }

    /// Measures the products of all pairs of layers, every thread with a batch of its own.
    ///
    /// - Parameters:
    ///   - name: The row's name.
    ///   - shape: The batch's size.
    ///   - elementType: How its numbers are stored.
    /// - Returns: The figure and its floor.
    /// - Throws: An error where there are no more threads.
    public func productRow(_ name: String, _ shape: BatchShape, _ elementType: ElementType) throws -> BenchmarkRow {
        let batches = try (0..<self.threadCount).map { _ in
            try SyntheticBatch(shape, elementType, run: .benchmark).uCentered()
        }
        return try self.row(name, shape, elementType) { count in
            let threads = try batches.enumerated().map { index, batch in
                // The batches are dealt out to the threads.
                let own = (count + self.threadCount - 1 - index) / self.threadCount
                return try NamedThread(name: "pairs-\(index)") {
                    var workspace = Workspace()
                    for _ in 0..<own {
                        _ = batch.hsic(workspace: &workspace)
                    }
                }
            }
            for thread in threads {
                thread.join()
            }
        }
    }

    /// Measures something that takes a batch's operations.
    ///
    /// - Parameters:
    ///   - name: The row's name.
    ///   - shape: The batch's size.
    ///   - elementType: How its numbers are stored.
    ///   - compute: Computes as many batches as it is told.
    /// - Returns: The figure and its floor.
    /// - Throws: An error where there are no more threads.
    private func row(
        _ name: String,
        _ shape: BatchShape,
        _ elementType: ElementType,
        compute: (_ count: Int) throws -> Void
    ) throws -> BenchmarkRow {
        let meter = ProcessMeter()
        try meter.resetPeak()
        let resident = meter.residentByteCount
        try compute(self.threadCount)
        let once = try secondsTaken { try compute(self.inFlight) } / Double(self.inFlight)
        // As many for each thread.
        let turns = (self.roundSeconds / once / Double(self.inFlight)).rounded(.up)
        let count = self.inFlight * max(1, Int(turns))
        let rounds = try AlternatingRounds(self.rounds) {
            shape.operationCount / (try self.rate.measure())
        } measurement: {
            try secondsTaken { try compute(count) } / Double(count)
        }
        return BenchmarkRow(
            bench: name,
            layers: shape.layers,
            examples: shape.examples,
            features: shape.features,
            dtype: elementType.rawValue,
            seconds: rounds.measured,
            floorSeconds: rounds.floor,
            details: [
                "threads": .integer(self.threadCount),
                "kernels": .string(KernelLevel.current.rawValue),
                "sgemm_kernels": .string(ReferenceKernels.name),
                "gflops": .number(shape.operationCount / rounds.measured * 1e-9),
                "sgemm_gflops": .number(shape.operationCount / rounds.floor * 1e-9),
                "peak_bytes": .integer(meter.peakResidentByteCount),
                "beyond_bytes": .integer(meter.peakResidentByteCount - resident),
            ]
        )
    }
}

extension SyntheticBatch {
    /// The batch's U-centred Gram matrices.
    fileprivate func uCentered() throws -> UCenteredBatch {
        var workspace = Workspace()
        return UCenteredBatch(
            grams: try zip(self.header.tensors, self.frames).map { tensor, frame in
                try frame.withBytes { bytes in
                    switch tensor.payload {
                    case .activations(let featureCount):
                        try UCenteredGram(
                            activations: bytes,
                            elementType: tensor.elementType,
                            exampleCount: tensor.exampleCount,
                            featureCount: featureCount,
                            workspace: &workspace
                        )
                    case .gram(let isPacked):
                        try UCenteredGram(
                            gram: bytes,
                            elementType: tensor.elementType,
                            isPacked: isPacked,
                            exampleCount: tensor.exampleCount,
                            workspace: &workspace
                        )
                    }
                }
            }
        )
    }
}

extension RunID {
    /// The run of the benchmarks' batches.
    static let benchmark: RunID = {
        guard let run = RunID("bench") else { preconditionFailure("bench is a name") }
        return run
    }()
}
