import ArgumentParser
import WireFormat

/// Tells of alerts.
struct Alerts: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the active alerts, or follow every change.",
        discussion: """
            With --follow what is active comes first, then every change; it ends with Ctrl-C, and goes on when the daemon \
            is started again. With --json each alert that is followed is one line.
            """
    )

    @Flag(name: .long, help: "Print every change as it comes.")
    var follow = false

    @Option(name: .customLong("run"), help: ArgumentHelp("Only the alerts of this run.", valueName: "run"))
    var runName: String?

    @Option(name: .long, help: "With --follow: end after this many lines.")
    var count: Int?

    @OptionGroup var options: ControlOptions

    func validate() throws {
        if let runName = self.runName, RunID(runName) == nil {
            throw ValidationError("'\(runName)' cannot be a run: use letters, digits, '.', '_' and '-'")
        }
        if self.count != nil, !self.follow {
            throw ValidationError("--count goes with --follow")
        }
    }

    func run() throws {
        guard !self.follow else {
            try AlertFollower(run: self.runName, limit: self.count, options: self.options).follow()
            return
        }
        var arguments: JSONObject = [:]
        arguments["run"] = self.runName.map { .string($0) }
        let (result, _) = try self.options.request("alerts", arguments)
        guard !self.options.json else {
            print(result.text)
            return
        }
        let alerts = result.array.map(\.object)
        guard !alerts.isEmpty else {
            print("no alerts")
            return
        }
        let isColoured = Terminal().isTerminal
        // What fires first, and what is worse before what is not.
        let ranks = ["critical": 0, "warning": 1, "info": 2]
        let sorted = alerts.enumerated().sorted { one, other in
            func rank(_ alert: JSONObject) -> Int {
                (alert["state"] == "firing" ? 0 : 3) + (alert["severity"]?.string.flatMap { ranks[$0] } ?? 2)
            }
            return (rank(one.element), one.offset) < (rank(other.element), other.offset)
        }
        for (_, alert) in sorted {
            print(AlertLine(alert).text(isColoured: isColoured))
        }
    }
}
