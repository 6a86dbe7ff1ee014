import ArgumentParser
import Foundation
import Pictures
import Snapshots
import WireFormat
import ZeroMQ

/// Draws the matrix of a run, again whenever it changes.
struct Watch: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Draw a run's CKA matrix in the terminal, live.",
        discussion:
            "Ends with Ctrl-C. With --json, or where the output is no terminal, each matrix is printed as it comes."
    )

    @Argument(help: ArgumentHelp("The run. It need not have begun.", valueName: "run"))
    var runName: String

    @Option(name: .long, help: "The window. Default: the first of kind pass, else the first.")
    var window: String?

    @Option(name: .long, help: "End after this many matrices.")
    var count: Int?

    @Flag(name: .long, help: "End when the run says bye.")
    var untilEnd = false

    @OptionGroup var options: ControlOptions

    func validate() throws {
        guard RunID(self.runName) != nil else {
            throw ValidationError("'\(self.runName)' cannot be a run: use letters, digits, '.', '_' and '-'")
        }
    }

    func run() throws {
        let (status, _) = try self.options.request("status")
        let endpoint = status.object["endpoints"]?.object["publish"]?.string ?? ""
        let window = try self.window ?? self.defaultWindow(status)

        let context = try Context()
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
                screen.draw(try MatrixSnapshot(publishedFrames: newest.map(\.bytes)))
            } else {
                screen.redrawIfResized()
            }
        }
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
