/// Writes coloured characters, and a colour's code only where the colour changes.
struct Pen {
    private let capability: TerminalCapability
    private var foreground: RGBColor?
    private var background: RGBColor?

    /// Creates a pen with the terminal's own colours.
    init(capability: TerminalCapability) {
        self.capability = capability
    }

    /// Whether the terminal has no colours, so that ``cell(_:_:_:)`` would lose them.
    var isPlain: Bool {
        self.capability == .plain
    }

    /// Writes a character in two colours.
    ///
    /// - Parameters:
    ///   - foreground: The colour of the character.
    ///   - background: The colour behind it; `nil` is the terminal's own.
    ///   - character: The character.
    /// - Returns: The character, after the codes of the colours that changed.
    mutating func cell(_ foreground: RGBColor, _ background: RGBColor?, _ character: Character) -> String {
        var codes: [String] = []
        if foreground != self.foreground {
            codes.append("38;" + self.code(of: foreground))
        }
        if background != self.background {
            codes.append(background.map { "48;" + self.code(of: $0) } ?? "49")
        }
        (self.foreground, self.background) = (foreground, background)
        return codes.isEmpty ? String(character) : "\u{1B}[\(codes.joined(separator: ";"))m\(character)"
    }

    /// Goes back to the terminal's own colours.
    mutating func reset() -> String {
        guard self.foreground != nil || self.background != nil else { return "" }
        (self.foreground, self.background) = (nil, nil)
        return "\u{1B}[0m"
    }

    private func code(of color: RGBColor) -> String {
        self.capability == .trueColor ? "2;\(color.red);\(color.green);\(color.blue)" : "5;\(color.xtermCode)"
    }
}
