import Testing

@testable import Pictures

@Suite struct TerminalPictureTests {
    @Test func plainPictureOfASmallNetwork() {
        let map = HeatMap.fading(layerCount: 4, undefinedLayers: [2])
        #expect(
            map.terminalPicture(columns: 60, rows: 13, capability: .plain) == """
                run · window recent (sliding)
                steps 1–9 · 64 batches
                missing 0
                layer0 0 @@@@oooo····::::
                         @@@@oooo····::::
                layer1 1 oooo@@@@····::::
                         oooo@@@@····::::
                layer2 2 ················
                         ················
                layer3 3 ::::::::····@@@@
                         ::::::::····@@@@
                          0   1   2   3
                           ,,::=ooOO8##@@  0.00 … 1.00  ·· undefined
                """
        )
    }

    @Test func plainPictureFramesIntervals() {
        let map = HeatMap.fading(layerCount: 6, title: [], caption: [], outlines: [0...0, 2...5])
        #expect(
            map.terminalPicture(columns: 40, rows: 8, capability: .plain) == """
                layer0 0 ++oo::::,,,,
                layer1 1 oo@@oo::::,,
                layer2 2 ::oo+------+
                layer3 3 ::::|o@@oo:|
                layer4 4 ,,::|:oo@@o|
                layer5 5 ,,,,+------+
                         0   2   4
                           ,:=ooO8#@@  0.00 … 1.00
                """
        )
    }

    @Test func halfBlocksHoldTwoRowsEach() {
        let map = HeatMap(layers: ["a", "b", "c"], values: [0, 1, 1, 1, 0, .nan, 1, .nan, 0])
        let lines = map.terminalPicture(columns: 8, rows: 4, capability: .trueColor).split(separator: "\n")
        let (low, high) = ("0;0;4", "252;253;191")
        #expect(
            lines.first.map(String.init)
                == "\u{1B}[38;2;\(low);48;2;\(high)m▀\u{1B}[38;2;\(high);48;2;\(low)m▀"
                + "\u{1B}[48;2;154;154;160m▀\u{1B}[0m"
        )
        #expect(lines[1] == "\u{1B}[38;2;\(high)m▀\u{1B}[38;2;154;154;160m▀\u{1B}[38;2;\(low)m▀\u{1B}[0m")
    }

    @Test func outlinesAreBluePixels() {
        let map = HeatMap.fading(layerCount: 3, title: [], caption: [], outlines: [1...2])
        let picture = map.terminalPicture(columns: 3, rows: 2, capability: .trueColor)
        #expect(picture.contains("48;2;31;182;255"))
        #expect(
            !HeatMap.fading(layerCount: 3).terminalPicture(columns: 3, rows: 2, capability: .trueColor).contains(
                "31;182"
            )
        )
    }

    @Test func negativeValuesExtendTheStatedRange() {
        let map = HeatMap(layers: ["a", "b"], values: [1, -0.25, -0.25, 1])
        let picture = map.terminalPicture(columns: 60, rows: 8, capability: .plain)
        #expect(picture.contains("-0.25 … 1.00"))
        #expect(!picture.contains("undefined"))
    }

    @Test func aRunWithoutLayersSaysSo() {
        let map = HeatMap(layers: [], values: [], title: ["run"])
        #expect(map.terminalPicture(columns: 40, rows: 10, capability: .trueColor) == "run\nNo layers yet.")
        #expect(map.terminalPicture(columns: 4, rows: 1, capability: .plain) == "run")
    }

    @Test(arguments: [1, 2, 3, 9, 41, 128, 1000, 4096], TerminalCapability.allCases)
    func noPictureIsLargerThanAsked(layerCount: Int, capability: TerminalCapability) {
        let map = HeatMap.fading(
            layerCount: layerCount,
            name: { $0.isMultiple(of: 2) ? "層.\($0).a\u{301}ttention.output.projection" : "b\($0)" },
            undefinedLayers: [0, 3],
            notes: ["Block structure: layers 層.attention.output.projection–b (3 of 9)", "another"],
            outlines: [layerCount / 3...layerCount - 1]
        )
        let sizes =
            layerCount > 500
            ? [(1, 1), (80, 24), (201, 67)]
            : [(1, 1), (2, 1), (1, 9), (3, 2), (5, 40), (16, 8), (17, 5), (40, 12), (80, 24), (200, 3), (201, 67)]
        for (columns, rows) in sizes {
            let lines = map.terminalPicture(columns: columns, rows: rows, capability: capability)
                .split(separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.count <= rows, "\(columns) × \(rows)")
            #expect(!lines.isEmpty)
            for line in lines {
                let width = DisplayText.width(of: withoutEscapes(line))
                #expect(width <= columns, "\(columns) × \(rows): \(width) columns")
            }
        }
    }

    @Test(arguments: [(0, 5), (5, 0), (-1, -1)])
    func noRoomIsAnEmptyPicture(columns: Int, rows: Int) {
        #expect(HeatMap.fading(layerCount: 3).terminalPicture(columns: columns, rows: rows, capability: .plain).isEmpty)
    }

    @Test func everyLineResetsItsColors() {
        for capability in [TerminalCapability.colors256, .trueColor] {
            let map = HeatMap.fading(layerCount: 9, undefinedLayers: [4])
            for line in map.terminalPicture(columns: 80, rows: 24, capability: capability).split(separator: "\n")
            where line.contains("\u{1B}") {
                let codes = line.components(after: "\u{1B}[")
                #expect(codes.last?.hasPrefix("0m") == true)
            }
        }
    }

    @Test func notesStandBelowTheColorBarAndAreBrokenToTheWidth() {
        let map = HeatMap.fading(
            layerCount: 9,
            notes: ["Block structure: layers layer2–layer8 (7 of 9), strength 0.26"]
        )
        let lines = map.terminalPicture(columns: 30, rows: 24, capability: .plain).split(separator: "\n")
        #expect(lines.suffix(3) == ["Block structure: layers", "layer2–layer8 (7 of 9),", "strength 0.26"])
        #expect(lines.dropLast(3).last?.contains("0.00 … 1.00") == true)
    }

    @Test func notesAreTheLastToGo() {
        let map = HeatMap.fading(layerCount: 9, notes: ["found"])
        #expect(map.terminalPicture(columns: 40, rows: 9, capability: .plain).hasSuffix("\nfound"))
        #expect(!map.terminalPicture(columns: 40, rows: 9, capability: .plain).contains("steps"))
        #expect(!map.terminalPicture(columns: 40, rows: 8, capability: .plain).contains("found"))
    }

    @Test func aFrameOverwritesInPlace() {
        #expect(TerminalScreen.frame("ab\n\nc") == "\u{1B}[Hab\u{1B}[K\r\n\u{1B}[K\r\nc\u{1B}[K\u{1B}[J")
    }
}

/// A line as the eye sees it: without its colour codes.
private func withoutEscapes(_ line: Substring) -> String {
    line.split(separator: "\u{1B}[", omittingEmptySubsequences: false).enumerated()
        .map { index, part in index == 0 ? String(part) : String(part.drop { $0 != "m" }.dropFirst()) }.joined()
}

extension Substring {
    /// What follows each occurrence of a separator.
    fileprivate func components(after separator: String) -> [Substring] {
        Array(self.split(separator: separator, omittingEmptySubsequences: false).dropFirst())
    }
}
