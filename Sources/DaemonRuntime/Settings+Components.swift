internal import Alerting
internal import Alertmanager
internal import BlockStructure
internal import Ingestion
internal import Monitoring
internal import Settings
internal import WireFormat

extension MonitorSettings {
    /// What the settings say to the monitor.
    init(_ settings: Settings) {
        self.init(
            windows: settings.windows.map(WindowDefinition.init),
            watchedWindows: AlertRules(settings).windows,
            maximumRunCount: settings.limits.runs,
            maximumLayerCount: settings.limits.layers,
            assembly: settings.limits.assembly,
            staleAfter: settings.staleAfter
        )
    }
}

extension AlertRules {
    /// What the settings say of alerts.
    init(_ settings: Settings) {
        self.init()
        self.block = BlockRule(settings.alerts.blockStructure)
        self.coverage.window = settings.alerts.coverage.window
        self.coverage.missing = settings.alerts.coverage.missing
        self.similarity = settings.alerts.similarity.map { rule in
            SimilarityRule(
                name: rule.name,
                window: rule.window,
                first: rule.first,
                second: rule.second,
                condition: SimilarityRule.Condition(rule.condition),
                evaluations: rule.evaluations
            )
        }
        self.staleAfter = settings.staleAfter
        self.history = settings.state.history
    }
}

extension SimilarityRule.Condition {
    /// What the settings say of a pair.
    init(_ condition: SimilarityRuleSettings.Condition) {
        self =
            switch condition {
            case .above(let value): .above(value)
            case .below(let value): .below(value)
            }
    }
}

extension BlockRule {
    /// What the settings say of blocks.
    init(_ settings: BlockStructureSettings) {
        self.init()
        self.window = settings.window
        self.groups = settings.groups
        self.dwell = settings.dwell
        self.minimumBatchCount = settings.minimumBatches
        self.minimumProbeBatchCount = settings.minimumProbeBatches
        self.criteria = BlockCriteria(settings)
    }
}

extension AlertmanagerSink.Settings {
    /// What the settings say of an Alertmanager, `nil` where there is none.
    init?(_ settings: AlertmanagerSettings) {
        guard let url = settings.url else { return nil }
        self.init(url: url, interval: settings.resend, timeout: settings.timeout)
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
