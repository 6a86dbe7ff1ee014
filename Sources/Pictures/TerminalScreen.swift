/// The codes that keep a picture in place in a terminal while it changes.
public enum TerminalScreen {
    /// Changes to the alternate screen and hides the cursor; to be sent once before the first frame.
    public static let enter = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[2J"

    /// Shows the cursor again and brings back what was on the screen before ``enter``.
    public static let leave = "\u{1B}[0m\u{1B}[?25h\u{1B}[?1049l"

    /// Draws a picture over the last one.
    ///
    /// The screen is never cleared as a whole, which would flicker: the cursor goes home, each line clears what is left of
    /// the old one behind it, and the last clears everything below. No line break follows the last line, so that a picture of
    /// the screen's full height does not scroll.
    ///
    /// - Parameter picture: A picture no larger than the screen.
    /// - Returns: The text to send, in one write.
    public static func frame(_ picture: String) -> String {
        let lines = picture.split(separator: "\n", omittingEmptySubsequences: false)
        return "\u{1B}[H" + lines.joined(separator: "\u{1B}[K\r\n") + "\u{1B}[K\u{1B}[J"
    }
}
