import ArgumentParser
import Control
import Foundation
import Pictures
import Snapshots
import WireFormat
import ZeroMQ

/// Draws the matrix of a run, again whenever it changes.
struct Watch: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Draw a run's CKA matrix in the terminal, live.",
        discussion: """
            Ends with Ctrl-C. With --json, or where the output is no terminal, each matrix is printed as it comes. \
            Blocks are framed; above \(Self.groupLimit) layers without the standard error of their strength.
            """
    )

    @Argument(help: ArgumentHelp("The run. It need not have begun.", valueName: "run"))
    var runName: String

    @Option(name: .long, help: "The window. Default: the first of kind pass, else the first.")
    var window: String?

    @Option(name: .long, help: "End after this many matrices.")
    var count: Int?

    @Flag(name: .long, help: "End when the run says bye.")
    var untilEnd = false

    @OptionGroup var blockOptions: BlockOptions

    @OptionGroup var options: ControlOptions

    /// The most layers of which the sums of all groups are asked for, each time that a matrix is drawn: 4 MB for 256 layers
    /// and eight groups, but 64 MB for 1000.
    static let groupLimit = 256

    func validate() throws {
        guard RunID(self.runName) != nil else {
            throw ValidationError("'\(self.runName)' cannot be a run: use letters, digits, '.', '_' and '-'")
        }
    }

    func run() throws {
        let (status, _) = try self.options.request("status")
        let endpoint = status.object["endpoints"]?.object["publish"]?.string ?? ""
        let window = try self.window ?? self.defaultWindow(status)
        let settings = try self.blockOptions.settings()

        let context = try Context()
        let client = try self.options.client(in: context)
        let socket = try Socket(.sub, in: context)
        try socket.connect(endpoint)
        try socket.subscribe("cka/\(self.runName)/\(window)/")
        if self.untilEnd {
            try socket.subscribe(Topic.event(run: RunID(self.runName)).description)
        }

        let screen = LiveScreen(isJSON: self.options.json)
        defer { screen.close() }
        screen.wait(for: self.runName, window: window)
        var received = 0
        var hasEnded = false
        while received < self.count ?? .max, !hasEnded, !screen.isInterrupted {
            // Matrices may come faster than a terminal draws: only the newest of those that wait is drawn.
            var newest: [Frame]?
            var timeout = Duration.milliseconds(500)
            while received < self.count ?? .max, !hasEnded, let frames = try socket.receiveMessage(timeout: timeout) {
                timeout = .zero
                if frames[0].text?.hasPrefix("event/") == true {
                    hasEnded = frames.isBye
                } else {
                    newest = frames
                    received += 1
                }
            }
            if let newest {
                let published = try MatrixSnapshot(publishedFrames: newest.map(\.bytes))
                if self.options.json {
                    screen.printJSON(published)
                } else {
                    let snapshot = self.withGroups(published, window: window, from: client)
                    screen.draw(snapshot, blocks: snapshot.blocks(settings))
                }
            } else {
                screen.redrawIfResized()
            }
        }
    }

    /// The same window with the sums of its groups, as the daemon has it now, or what was published where it cannot be had.
    private func withGroups(
        _ published: MatrixSnapshot,
        window: String,
        from client: ControlClient
    ) -> MatrixSnapshot {
        guard published.layers.count <= Self.groupLimit else { return published }
        let arguments: JSONObject = ["run": .string(self.runName), "window": .string(window), "groups": true]
        guard let (result, frames) = try? client.request("snapshot", arguments, timeout: .seconds(1)) else {
            return published
        }
        return (try? MatrixSnapshot(controlReply: result.object, frames: frames.map(\.bytes))) ?? published
    }

    private func defaultWindow(_ status: JSONValue) throws -> String {
        let windows = status.object["windows"]?.array.map(\.object) ?? []
        let chosen = windows.first { $0["kind"] == "pass" } ?? windows.first
        guard let name = chosen?["name"]?.string else {
            throw failure("the daemon has no window")
        }
        return name
    }
}

extension [Frame] {
    /// Whether this is the event of a run that said bye.
    fileprivate var isBye: Bool {
        guard self.count > 1, let header = unsafe try? JSONValue(parsing: self[1].bytes.span.bytes) else {
            return false
        }
        return header.object["event"] == "bye"
    }
}
