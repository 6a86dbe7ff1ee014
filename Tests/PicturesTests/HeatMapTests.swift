import Pictures
import Testing

@Suite struct HeatMapTests {
    @Test(arguments: [
        ([0.2, 0.9], 0.0...1.0),
        ([1 + 1e-12, -1e-12], 0.0...1.0),
        ([-0.291, 0.5], -0.3...1.0),
        ([-0.25, 1.25], -0.25...1.25),
        ([.nan, .infinity], 0.0...1.0),
        ([], 0.0...1.0),
    ])
    func rangeHoldsEveryFiniteValueInWholeHundredths(values: [Double], expected: ClosedRange<Double>) {
        let count = values.isEmpty ? 0 : 2
        let map = HeatMap(
            layers: (0..<count).map(String.init),
            values: Array(repeating: values, count: count).flatMap(\.self)
        )
        #expect(map.range == expected)
    }

    @Test func anAskedRangeIsKept() {
        #expect(HeatMap(layers: ["a"], values: [0.7], range: 0.5...0.9).range == 0.5...0.9)
    }

    @Test func outlinesAreCutToTheMatrix() {
        let map = HeatMap.fading(layerCount: 5, outlines: [3...9, 5...9, -4...(-1), -2...1])
        #expect(map.outlines == [3...4, 0...1])
    }

    @Test func outlinesOfAnEmptyMatrixVanish() {
        #expect(HeatMap.fading(layerCount: 0, outlines: [0...3]).outlines.isEmpty)
    }

    @Test func controlCharactersAreReplacedInEveryText() {
        let evil = "a\u{1B}[2J\nb\u{202E}c\u{0}"
        let map = HeatMap(layers: [evil], values: [1], title: [evil], caption: [evil])
        let printable = "a\u{FFFD}[2J\u{FFFD}b\u{FFFD}c\u{FFFD}"
        #expect(map.layers == [printable])
        #expect(map.title == [printable])
        #expect(map.caption == [printable])
    }
}
