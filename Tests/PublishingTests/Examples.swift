import LinearAlgebra
import Monitoring
import Similarity
import WireFormat

extension RunID {
    /// A run's name.
    static func named(_ name: String) -> RunID {
        guard let run = RunID(name) else { preconditionFailure("\(name) is no run's name") }
        return run
    }
}

extension WindowDefinition {
    static let total = WindowDefinition(name: "total", kind: .total)
    static let pass = WindowDefinition(name: "pass", kind: .pass)
}

extension WindowReading {
    /// What a window of two layers holds after one batch of a step, whose numbers only depend on `step`.
    static func example(run: String, window: WindowDefinition = .total, step: Int = 0) -> WindowReading {
        let run = RunID.named(run)
        var monitor = Monitor(
            settings: MonitorSettings(windows: [.total, .pass]),
            memory: MemoryBudget(limit: 1 << 20)
        )
        let tensors = ["first", "second"].map { layer in
            TensorDescription(
                layer: layer,
                elementType: .float32,
                exampleCount: 8,
                payload: .activations(featureCount: 1),
                byteCount: 32
            )
        }
        let header = BatchHeader(
            run: run,
            step: step,
            batchIndex: 0,
            batchCount: 1,
            tensors: tensors,
            exampleCount: 8
        )
        let cross = 0.5 + Double(step % 100) / 1000
        let hsic = BatchHSIC(exampleCount: 8, products: [1, cross, 1], traces: [3, 3], isConstant: [false, false])
        let message = EmitterMessage(run: run, content: .batch(header))
        let actions = monitor.receive(
            message,
            from: SourceID(endpoint: "tcp://127.0.0.1:1"),
            isPayloadHeld: true,
            now: .zero
        )
        for case .compute(let batch) in actions {
            _ = monitor.finish(batch, with: .success(hsic), now: .zero)
        }
        guard let reading = monitor.reading(of: run, window: window) else {
            preconditionFailure("A batch that was finished is in both windows")
        }
        return reading
    }
}

extension MonitorEvent {
    /// An event of a run.
    static func kind(_ kind: Kind, of run: String) -> MonitorEvent {
        MonitorEvent(kind: kind, run: .named(run), detail: ["key": "value"])
    }
}
