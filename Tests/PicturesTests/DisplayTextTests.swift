import Testing

@testable import Pictures

@Suite struct DisplayTextTests {
    @Test(arguments: [
        ("", 0), ("block", 5), ("Größe", 5), ("e\u{301}", 1), ("層", 2), ("한글", 4), ("🧠", 2), ("ａ", 2), ("❤\u{FE0F}", 2),
        ("a\u{200B}b", 2), ("👩‍🔬", 2),
    ])
    func widthIsThatOfATerminal(text: String, columns: Int) {
        #expect(DisplayText.width(of: text) == columns)
    }

    @Test(arguments: [
        ("encoder.layers.11.attn", 22, "encoder.layers.11.attn"),
        ("encoder.layers.11.attn", 11, "encod….attn"),
        ("encoder", 2, "e…"),
        ("encoder", 1, "…"),
        ("encoder", 0, ""),
        ("層層層層", 5, "層…層"),
        ("層層層層", 4, "層…"),
    ])
    func namesAreShortenedInTheMiddle(text: String, limit: Int, expected: String) {
        #expect(DisplayText.shortenedInTheMiddle(text, to: limit) == expected)
    }

    @Test(arguments: [("steps 1–9", 9, "steps 1–9"), ("steps 1–9", 6, "steps…"), ("steps", 1, "…"), ("steps", 0, "")])
    func linesAreShortenedAtTheEnd(text: String, limit: Int, expected: String) {
        #expect(DisplayText.shortenedAtTheEnd(text, to: limit) == expected)
    }

    @Test(arguments: [
        (0, "0.00"), (1, "1.00"), (-0.3, "-0.30"), (-0.004, "0.00"), (12.345678, "12.35"), (0.05, "0.05"),
        (1e300, "1e+300"),
        (.nan, "nan"), (-.infinity, "-inf"),
    ])
    func numbersHaveTwoDecimals(value: Double, expected: String) {
        #expect(DisplayText.decimal(value) == expected)
    }
}
