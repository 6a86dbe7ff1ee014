import BlockStructure
import Dispatch
import Foundation
import Pictures
import Snapshots
import Synchronization
import WireFormat

/// Where `watch` draws: a terminal's screen, which is given back as it was, or a stream of lines.
final class LiveScreen {
    private let isScreen: Bool
    private let interruption = Flag()
    private let resize = Flag()
    private var sources: [any DispatchSourceSignal] = []
    private var last: (snapshot: MatrixSnapshot, blocks: [BlockCandidate])?

    private final class Flag: Sendable {
        let isSet = Atomic(false)
    }

    /// Takes the screen over, where standard output is one.
    init(isJSON: Bool) {
        self.isScreen = !isJSON && Terminal().isTerminal
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            self.listen(to: signal, self.interruption)
        }
        self.listen(to: SIGWINCH, self.resize)
        if self.isScreen {
            self.write(TerminalScreen.enter)
        }
    }

    /// Whether the user wants to end.
    var isInterrupted: Bool {
        self.interruption.isSet.load(ordering: .relaxed)
    }

    /// Says that nothing has come yet.
    func wait(for run: String, window: String) {
        guard self.isScreen else { return }
        self.write(TerminalScreen.frame("waiting for window \(window) of run \(run) … (Ctrl-C ends)"))
    }

    /// Prints a matrix as JSON.
    func printJSON(_ snapshot: MatrixSnapshot) {
        self.write(snapshot.jsonLine + "\n")
    }

    /// Draws a matrix and its blocks.
    func draw(_ snapshot: MatrixSnapshot, blocks: [BlockCandidate]) {
        self.last = (snapshot, blocks)
        let picture = self.picture(of: snapshot, blocks)
        self.write(self.isScreen ? TerminalScreen.frame(picture) : picture + "\n")
    }

    /// Draws the last matrix again, where the terminal has another size now.
    func redrawIfResized() {
        guard self.resize.isSet.exchange(false, ordering: .relaxed), let last = self.last else { return }
        self.draw(last.snapshot, blocks: last.blocks)
    }

    /// Gives the screen back, with the last picture below what was there before.
    func close() {
        guard self.isScreen else { return }
        self.write(TerminalScreen.leave)
        if let last = self.last {
            self.write(self.picture(of: last.snapshot, last.blocks) + "\n")
        }
    }

    private func picture(of snapshot: MatrixSnapshot, _ blocks: [BlockCandidate]) -> String {
        let terminal = Terminal()
        return HeatMap(snapshot, blocks: blocks).terminalPicture(
            columns: terminal.columns,
            rows: terminal.rows - 1,
            capability: terminal.capability
        )
    }

    private func listen(to signal: CInt, _ flag: Flag) {
        Foundation.signal(signal, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: signal, queue: .global())
        source.setEventHandler { flag.isSet.store(true, ordering: .relaxed) }
        source.resume()
        self.sources.append(source)
    }

    private func write(_ text: String) {
        FileHandle.standardOutput.write(Data(text.utf8))
    }
}

extension MatrixSnapshot {
    /// The header with both matrices, row by row, as one line of JSON in which `null` is undefined.
    fileprivate var jsonLine: String {
        var object = self.header.object
        object["cka"] = self.rows(self.cka)
        object["stderr"] = self.rows(self.standardErrors)
        return JSONValue.object(object).text
    }

    private func rows(_ values: [Double]) -> JSONValue {
        let count = self.layers.count
        return .array((0..<count).map { row in .array(values[row * count..<(row + 1) * count].map { .number($0) }) })
    }
}
