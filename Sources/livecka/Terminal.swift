import Foundation
import Pictures

/// The terminal that the command runs in, or what stands in its place.
struct Terminal {
    /// The number of characters in a line.
    let columns: Int

    /// The number of lines.
    let rows: Int

    /// The colours that it shows.
    let capability: TerminalCapability

    /// Whether standard output is a terminal at all.
    let isTerminal: Bool

    /// Looks at standard output.
    init() {
        let environment = ProcessInfo.processInfo.environment
        self.isTerminal = isatty(STDOUT_FILENO) == 1
        var size = winsize()
        // SAFETY: the request fills a `winsize`, which is what it gets.
        let isKnown = unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 && size.ws_row > 0
        self.columns = isKnown ? Int(size.ws_col) : environment["COLUMNS"].flatMap { Int($0) } ?? 80
        self.rows = isKnown ? Int(size.ws_row) : environment["LINES"].flatMap { Int($0) } ?? 40
        self.capability = .detect(environment: environment, isTerminal: self.isTerminal)
    }
}
