/// A perceptually uniform colour map: equal steps of value look like equal steps of colour.
///
/// The map is *magma* by Nathaniel Smith and Stéfan van der Walt (CC0), which the papers on block structure use as well.
/// Every sixteenth of its 256 colours is kept and the rest is interpolated, which is never more than 3 of 255 away.
enum ColorMap {
    /// The number of colours that a picture distinguishes.
    static let levelCount = 248

    /// The colour of a level: dark for 0, light for `levelCount - 1`.
    static let levels: [RGBColor] = (0..<levelCount).map { color(at: Double($0) / Double(levelCount - 1)) }

    /// The colours at equal distances along the map, first and last included.
    static let anchors: [RGBColor] = [
        0x000004, 0x0a0822, 0x1d1147, 0x36106b, 0x51127c, 0x6a1c81, 0x832681, 0x9c2e7f, 0xb73779,
        0xcf4070, 0xe55064, 0xf4695c, 0xfb8761, 0xfea571, 0xfec287, 0xfde0a1, 0xfcfdbf,
    ].map { RGBColor($0) }

    /// The two greys of the hatch that marks an undefined value; the map itself contains no grey.
    static let undefined = (dark: RGBColor(0x6e6e73), light: RGBColor(0x9a9aa0))

    /// The colour of a frame around an interval of layers: a blue that stands out from every colour of the map.
    static let outline = RGBColor(0x1fb6ff)

    /// Finds the level of a value.
    ///
    /// - Parameters:
    ///   - value: The value; one outside the range is shown as the nearer end.
    ///   - range: The values of the first and the last level.
    /// - Returns: The level, or `nil` for a value that is not finite.
    static func level(of value: Double, in range: ClosedRange<Double>) -> Int? {
        guard value.isFinite else { return nil }
        let extent = range.upperBound - range.lowerBound
        guard extent > 0 else { return 0 }
        let fraction = min(1, max(0, (value - range.lowerBound) / extent))
        return Int((fraction * Double(self.levelCount - 1)).rounded())
    }

    /// The colour at a fraction of the map, from 0 (dark) to 1 (light).
    private static func color(at fraction: Double) -> RGBColor {
        let position = fraction * Double(self.anchors.count - 1)
        let index = min(Int(position), self.anchors.count - 2)
        return RGBColor(from: self.anchors[index], to: self.anchors[index + 1], fraction: position - Double(index))
    }
}
