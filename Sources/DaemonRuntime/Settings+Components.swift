internal import Ingestion
internal import Monitoring
internal import Settings
internal import WireFormat

extension MonitorSettings {
    /// What the settings say to the monitor.
    init(_ settings: Settings) {
        self.init(
            windows: settings.windows.map(WindowDefinition.init),
            maximumRunCount: settings.limits.runs,
            maximumLayerCount: settings.limits.layers,
            assembly: settings.limits.assembly,
            staleAfter: settings.staleAfter
        )
    }
}

extension WindowDefinition {
    /// The window that the settings describe.
    init(_ settings: WindowSettings) {
        let kind: Kind =
            switch settings.kind {
            case .pass: .pass
            case .sliding(let batches): .sliding(batchCount: batches)
            case .decay(let halfLife): .decay(halfLife: halfLife)
            case .total: .total
            }
        self.init(name: settings.name, kind: kind)
    }
}

extension WireLimits {
    /// What the settings say of a message's size.
    init(_ limits: LimitSettings) {
        self.init()
        self.layers = limits.layers
        self.examples = limits.examples
        self.messageBytes = limits.message
    }
}

extension ReceiverSettings {
    /// What the settings say to the receiver.
    init(_ settings: Settings) {
        self.init(
            bind: settings.ingest.bind,
            connect: settings.ingest.connect,
            maximumFrameByteCount: settings.limits.message
        )
    }
}
