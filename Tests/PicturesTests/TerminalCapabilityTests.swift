import Pictures
import Testing

@Suite struct TerminalCapabilityTests {
    @Test(arguments: [
        (["TERM": "xterm-256color", "COLORTERM": "truecolor"], TerminalCapability.trueColor),
        (["TERM": "xterm-256color", "COLORTERM": "24bit", "LANG": "de_DE.UTF-8"], .trueColor),
        (["TERM": "xterm-direct"], .trueColor),
        (["TERM": "tmux-256color"], .colors256),
        (["TERM": "xterm-256color", "COLORTERM": "yes", "LC_ALL": "C.utf8"], .colors256),
        (["TERM": "xterm-256color", "NO_COLOR": ""], .colors256),
        (["TERM": "xterm-256color", "LANG": "C"], .colors256),
        (["TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"], .plain),
        (["TERM": "xterm-256color", "LANG": "de_DE.ISO-8859-1"], .plain),
        (["TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "LANG": "de_DE.ISO-8859-1"], .colors256),
        (["TERM": "dumb", "COLORTERM": "truecolor"], .plain),
        (["TERM": "vt100"], .plain),
        ([:], .plain),
    ])
    func theEnvironmentDecides(environment: [String: String], expected: TerminalCapability) {
        #expect(TerminalCapability.detect(environment: environment, isTerminal: true) == expected)
    }

    @Test func aPipeGetsCharactersOnly() {
        let environment = ["TERM": "xterm-direct", "COLORTERM": "truecolor"]
        #expect(TerminalCapability.detect(environment: environment, isTerminal: false) == .plain)
    }
}
