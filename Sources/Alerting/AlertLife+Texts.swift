internal import BlockStructure
internal import Glibc
internal import WireFormat

/// What an alert says to people.
extension AlertLife {
    /// Writes the summary and the description anew.
    mutating func describe() {
        let (summary, description) = self.texts
        self.alert.summary = summary
        self.alert.description =
            self.closingReason.map { "Closed without an evaluation: \($0). " + description }
            ?? description
    }

    private var texts: (summary: String, description: String) {
        switch BuiltInRule(rawValue: self.alert.id.rule) {
        case .blockStructure: (self.blockSummary, self.blockDescription)
        case .nonFinite:
            (
                self.isOver
                    ? "All batches of \(self.run) are finite again, as of \(self.lastStep)"
                    : "Values in \(self.run) are not finite: \(self.layerList) (\(self.count) batches), \(self.since)",
                "Batches with NaN or infinity are rejected and in no matrix. Look at the first layer that is named, at "
                    + "the learning rate and at the loss scale; training has probably diverged."
            )
        case .constantLayer:
            (
                self.isOver
                    ? "No layer of \(self.run) is constant any more, as of \(self.lastStep)"
                    : "Constant layers in \(self.run): \(self.layerList), \(self.since)",
                "These layers give the same for every example of the window, so their similarities are undefined. Look for "
                    + "dead units, a saturated normalisation, or a place in the model that is not reached."
            )
        case .runStale:
            (
                self.isOver
                    ? "\(self.run) \(self.alert.data == .ended ? "has ended" : "is heard again")"
                    : "\(self.run) is silent for \(fixed(self.alert.value ?? 0, 0)) s",
                self.isOver
                    ? "Nothing had been heard of the run for longer than stale_after. Its other alerts stayed as they were."
                    : "Nothing has been heard of the run for longer than stale_after, and it has not said bye. Its other "
                        + "alerts stay as they were. Look whether the job still runs, and whether it reaches the daemon."
            )
        case .coverage:
            (
                self.isOver
                    ? "Enough batches of \(self.run) arrive again: \(self.percentage) are missing"
                    : "Batches of \(self.run) are missing: \(self.percentage) of window \(self.window), \(self.since)",
                "The window pools only what has arrived. Look at the account (livecka runs): dropped batches were given up "
                    + "by the emitter, lost ones never came, rejected ones were refused."
            )
        case .similarity, nil: (self.pairSummary, self.pairDescription)
        }
    }

    // MARK: Blocks

    private var blockSummary: String {
        let layers = self.alert.layers.map { "\(range($0)) (\($0.names.count) of \(self.layerCount))" } ?? "–"
        let (title, end) =
            switch self.alert.kind {
            case BlockKind.dominant.rawValue: ("Block structure in \(self.run)", "")
            case BlockKind.saturated.rawValue: ("All layers alike in \(self.run)", "")
            default: ("Similar layers in \(self.run)", ", not carried by one component")
            }
        guard !self.isOver else {
            return
                "\(title) is over: layers \(layers), from step \(self.alert.stepFirst ?? 0) to \(self.alert.stepLast ?? 0)"
        }
        var summary = "\(title): layers \(layers)"
        if let value = self.alert.value {
            summary += ", strength \(self.measured(value))"
        }
        if let fraction = self.alert.evidence?.fraction {
            summary += ", first component \(fixed(100 * fraction, 0)) %"
        }
        return summary + end + ", \(self.since)"
    }

    private var blockDescription: String {
        switch self.alert.kind {
        case BlockKind.dominant.rawValue:
            "The layers have become nearly the same representation, carried by a dominant first principal component of a "
                + "few examples (arXiv 2010.15327, 2202.07184). The network is deep or wide for its data: these layers add "
                + "little. Look at the matrix (livecka show \(self.run)) and at the dominant examples. Evaluation with stale "
                + "BatchNorm averages fakes blocks early in training: probe with recalibrated statistics."
        case BlockKind.saturated.rawValue:
            "There is no layer that is less alike to compare with, so the strength is undefined. Early in training this is "
                + "common; later the network does little from its first layer on."
        default:
            "The layers are far more alike than others just as far apart, but no single component dominates them, so this "
                + "is not the block structure of the literature. For information."
        }
    }

    // MARK: Pairs

    private var pairSummary: String {
        let pair = self.alert.layers?.names.joined(separator: " and ") ?? "–"
        let value = self.alert.value.map(self.measured) ?? "–"
        let side = self.isBelow ? "below" : "above"
        let threshold = fixed(self.alert.enter ?? 0, 2)
        if let reason = self.closingReason, self.isOver {
            return "Rule \(self.alert.id.rule) in \(self.run) was closed: \(reason)"
        }
        return self.isOver
            ? "Rule \(self.alert.id.rule) in \(self.run) no longer holds: no pair is \(side) \(threshold), as of \(self.lastStep)"
            : "Rule \(self.alert.id.rule) in \(self.run): CKA of \(pair) is \(value), \(side) \(threshold), \(self.since)"
    }

    private var pairDescription: String {
        "A rule of your own, on window \(self.window). Of all pairs that it selects the one that fits best is named; the "
            + "standard error counts against the alert."
    }

    // MARK: Pieces

    private var run: String { self.alert.id.run.name }

    private var window: String { self.alert.window ?? "–" }

    private var isOver: Bool { self.alert.state == .resolved || self.alert.state == .inactive }

    private var count: Int { Int(self.alert.value ?? 0) }

    private var percentage: String { "\(fixed(100 * (self.alert.value ?? 0), 0)) %" }

    private var since: String { "since step \(self.alert.stepFirst.map(String.init) ?? "–")" }

    private var lastStep: String { "step \(self.alert.stepLast.map(String.init) ?? "–")" }

    private var layerList: String {
        let names = self.alert.layers?.names ?? []
        let shown = names.prefix(5).joined(separator: ", ")
        return names.count > 5 ? "\(shown) and \(names.count - 5) more" : shown
    }

    private func measured(_ value: Double) -> String {
        fixed(value, 2) + (self.alert.standardError.map { " ± \(fixed($0, 2))" } ?? "")
    }

    private func range(_ layers: AlertLayers) -> String {
        guard let first = layers.names.first, let last = layers.names.last else { return "–" }
        return "\(first)–\(last)"
    }
}

/// A number with so many digits after the point.
private func fixed(_ number: Double, _ digits: Int) -> String {
    guard number.isFinite, abs(number) < 1e15 else { return "\(number)" }
    let scale = pow(10, Double(digits))
    let scaled = Int((abs(number) * scale).rounded())
    let sign = number < 0 && scaled != 0 ? "-" : ""
    let whole = "\(sign)\(scaled / Int(scale))"
    guard digits > 0 else { return whole }
    let fraction = String(scaled % Int(scale))
    return "\(whole).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
}
