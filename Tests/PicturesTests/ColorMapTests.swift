import Testing

@testable import Pictures

@Suite struct ColorMapTests {
    @Test func lightnessGrowsAlongTheMap() {
        let lightness = ColorMap.anchors.map {
            0.2126 * Double($0.red) + 0.7152 * Double($0.green) + 0.0722 * Double($0.blue)
        }
        #expect(zip(lightness, lightness.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test func levelsRunFromTheFirstAnchorToTheLast() {
        #expect(ColorMap.levels.count == ColorMap.levelCount)
        #expect(ColorMap.levels.first == ColorMap.anchors.first)
        #expect(ColorMap.levels.last == ColorMap.anchors.last)
    }

    @Test func valuesOutsideTheRangeTakeItsEnds() {
        #expect(ColorMap.level(of: -3, in: 0...1) == 0)
        #expect(ColorMap.level(of: 3, in: 0...1) == ColorMap.levelCount - 1)
        #expect(ColorMap.level(of: 0.5, in: 0...1) == 124)
        #expect(ColorMap.level(of: 0.5, in: 0.5...0.5) == 0)
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity])
    func whatIsNoNumberHasNoLevel(value: Double) {
        #expect(ColorMap.level(of: value, in: 0...1) == nil)
    }

    @Test(arguments: [
        (0xff0000, 196), (0x000000, 16), (0xffffff, 231), (0x808080, 244), (0x5f87af, 67), (0x080808, 232),
    ])
    func xtermCodeIsTheNearestColor(color: Int, code: Int) {
        #expect(RGBColor(UInt32(color)).xtermCode == code)
    }

    @Test func cssHasSixDigits() {
        #expect(RGBColor(0x00000f).css == "#00000f")
    }
}
