import ArgumentParser
import WireFormat

/// Tells how the daemon is.
struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Tell how the daemon is: endpoints, memory, losses.")

    @OptionGroup var options: ControlOptions

    func run() throws {
        let (result, _) = try self.options.request("status")
        guard !self.options.json else {
            print(result.text)
            return
        }
        let status = result.object
        let endpoints = status["endpoints"]?.object ?? [:]
        let memory = status["memory"]?.object ?? [:]
        let degraded = (status["degraded"]?.array ?? []).map { JSONValue?.some($0).display }
        var table = TextTable()
        table.append(["version", status["version"].display])
        table.append(["uptime", "\(Int(status["uptime"]?.double ?? 0)) s"])
        table.append(["ingest", endpoints["ingest"].display])
        table.append(["attached", endpoints["attached"].display])
        table.append(["publish", endpoints["publish"].display])
        table.append(["control", endpoints["control"].display])
        let setAside =
            "\(memory["connections"].mebibytes) set aside for connections, \(memory["scratch"].mebibytes) scratch"
        table.append(["memory", "\(memory["used"].mebibytes) of \(memory["limit"].mebibytes) MiB (\(setAside))"])
        table.append(["runs", status["runs"].display])
        table.append(["disconnects", status["disconnects"].display])
        table.append(["degraded", degraded.isEmpty ? "no" : degraded.joined(separator: "; ")])
        print(table.text)
    }
}

extension JSONValue? {
    /// A number of bytes in whole mebibytes.
    fileprivate var mebibytes: String {
        "\((self?.exactInteger ?? 0) >> 20)"
    }
}
