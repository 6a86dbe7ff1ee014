/// Text as it is measured and written in pictures.
public enum DisplayText {
    /// The number of terminal columns that a text takes.
    static func width(of text: String) -> Int {
        text.reduce(0) { $0 + self.width(of: $1) }
    }

    /// A text with its control characters replaced by `�`.
    ///
    /// Marks that reorder the text around them are control characters here too: a name that turns its neighbours around is no
    /// better than one that moves the cursor.
    public static func printable(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: self.isControl) else { return text }
        var result = String.UnicodeScalarView()
        result.append(contentsOf: text.unicodeScalars.lazy.map { self.isControl($0) ? "\u{FFFD}" : $0 })
        return String(result)
    }

    /// A text shortened in its middle, where names that belong together differ least from each other.
    static func shortenedInTheMiddle(_ text: String, to limit: Int) -> String {
        guard self.width(of: text) > limit else { return text }
        guard limit > 0 else { return "" }
        let front = self.prefix(of: text, fitting: limit / 2)
        let back = String(self.prefix(of: String(text.reversed()), fitting: limit - 1 - limit / 2).reversed())
        return front + "…" + back
    }

    /// A text shortened at its end.
    static func shortenedAtTheEnd(_ text: String, to limit: Int) -> String {
        guard self.width(of: text) > limit else { return text }
        return limit > 0 ? self.prefix(of: text, fitting: limit - 1) + "…" : ""
    }

    /// A text broken at spaces into lines; words that are too long are shortened.
    static func wrapped(_ text: String, to limit: Int) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, self.width(of: last) + 1 + self.width(of: String(word)) <= limit {
                lines[lines.count - 1] = last + " " + word
            } else {
                lines.append(self.shortenedAtTheEnd(String(word), to: limit))
            }
        }
        return lines
    }

    /// A text with spaces before it, so that it ends at a column.
    static func alignedRight(_ text: String, in columns: Int) -> String {
        String(repeating: " ", count: max(0, columns - self.width(of: text))) + text
    }

    /// A number with two decimals, or with its shortest exact digits where two decimals would not be readable.
    static func decimal(_ value: Double) -> String {
        guard value.magnitude < 1e9 else { return "\(value)" }
        let hundredths = Int((value * 100).rounded())
        let fraction = hundredths.magnitude % 100
        return "\(hundredths < 0 ? "-" : "")\(hundredths.magnitude / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }

    /// The longest beginning of a text that takes at most a number of columns.
    private static func prefix(of text: String, fitting columns: Int) -> String {
        var remaining = columns
        return String(
            text.prefix {
                remaining -= self.width(of: $0)
                return remaining >= 0
            }
        )
    }

    /// The number of columns of a character: 0, 1, or 2 for East Asian wide characters and emoji.
    private static func width(of character: Character) -> Int {
        var width = 0
        for scalar in character.unicodeScalars {
            if scalar == "\u{FE0F}" {
                width = 2
            } else {
                width = max(width, self.width(of: scalar))
            }
        }
        return width
    }

    /// The number of columns of a scalar that stands alone.
    private static func width(of scalar: Unicode.Scalar) -> Int {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format:
            0
        default:
            self.wideRanges.contains { $0.contains(scalar.value) } ? 2 : 1
        }
    }

    /// Whether a scalar steers the text around it rather than being a part of it.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator:
            true
        default:
            scalar.properties.isBidiControl || scalar.value & 0xFFFE == 0xFFFE
        }
    }

    /// The blocks of Unicode whose characters take two columns (UAX #11, classes W and F, without the gaps).
    private static let wideRanges: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x231A...0x231B, 0x23E9...0x23EC, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF,
        0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6,
        0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x1FA70...0x1FAFF, 0x20000...0x3FFFD,
    ]
}
