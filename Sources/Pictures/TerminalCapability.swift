/// What a terminal can show.
public enum TerminalCapability: String, CaseIterable, Sendable {
    /// Characters only: a pipe, a file, or a terminal without colours.
    case plain

    /// The 256 colours of xterm.
    case colors256

    /// Any colour, with eight bits a channel.
    case trueColor

    /// Decides from the environment what may be sent to an output.
    ///
    /// Nothing but characters goes to an output that is no terminal, to one whose `TERM` is `dumb` or unknown, where
    /// `NO_COLOR` is set (<https://no-color.org>), and where the locale names a character set without half blocks.
    ///
    /// - Parameters:
    ///   - environment: The process's environment variables.
    ///   - isTerminal: Whether the output is a terminal, as `isatty` says.
    /// - Returns: The most that the output shows.
    public static func detect(environment: [String: String], isTerminal: Bool) -> TerminalCapability {
        let terminal = environment["TERM"] ?? ""
        guard isTerminal, environment["NO_COLOR", default: ""].isEmpty, !["", "dumb"].contains(terminal),
            self.hasUnicode(environment)
        else { return .plain }

        if ["truecolor", "24bit"].contains(environment["COLORTERM", default: ""].lowercased())
            || terminal.hasSuffix("-direct")
        {
            return .trueColor
        }
        return terminal.contains("256color") ? .colors256 : .plain
    }

    /// Whether the locale allows characters outside its own small set; one that names no set is taken to.
    private static func hasUnicode(_ environment: [String: String]) -> Bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
        guard let locale, let dot = locale.firstIndex(of: ".") else { return true }
        return locale[dot...].lowercased().hasPrefix(".utf")
    }
}
