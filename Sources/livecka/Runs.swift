import ArgumentParser
import WireFormat

/// Lists the runs.
struct Runs: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the runs that the daemon knows.")

    @OptionGroup var options: ControlOptions

    func run() throws {
        let (result, _) = try self.options.request("runs")
        guard !self.options.json else {
            print(result.text)
            return
        }
        let runs = result.array.map(\.object)
        guard !runs.isEmpty else {
            print("no runs yet; start a training script with the emitter, or `livecka attach ENDPOINT`")
            return
        }
        var table = TextTable(header: [
            "RUN", "STATE", "STEP", "GEN", "LAYERS", "BATCHES", "REJECTED", "DROPPED", "LOST", "PENDING",
        ])
        for run in runs {
            let accounting = run["accounting"]?.object ?? [:]
            let rejected = (accounting["rejected"]?.object ?? [:]).filter { $0.key != "duplicate" }
            table.append([
                run["run"].display,
                run["state"].display,
                run["step"].display,
                run["generation"].display,
                run["layers"].display,
                run["batches"].display,
                "\(rejected.reduce(0) { $0 + ($1.value.exactInteger ?? 0) })",
                accounting["dropped"].display,
                accounting["lost"].display,
                accounting["pending"].display,
            ])
        }
        print(table.text)
    }
}
