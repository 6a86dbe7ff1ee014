/// An image of palette colours, with the few things that a heat map draws.
struct Raster {
    /// The number of pixels in a row.
    let width: Int

    /// The number of rows.
    let height: Int

    /// The pixels in row-major order, each the number of a colour of ``palette``.
    private(set) var pixels: [UInt8]

    /// The levels of the colour map, then the colours of ``Ink``.
    static let palette: [RGBColor] =
        ColorMap.levels + [
            RGBColor(0xffffff), RGBColor(0x1b1b25), RGBColor(0x6a6d7a), ColorMap.outline, ColorMap.undefined.dark,
            ColorMap.undefined.light,
        ]

    /// A colour that is not a value's, by its number in the palette.
    enum Ink: UInt8 {
        case paper = 248
        case text, mutedText, outline, darkHatch, lightHatch
    }

    /// Creates a blank image.
    init(width: Int, height: Int) {
        self.width = width
        self.height = height
        self.pixels = Array(repeating: Ink.paper.rawValue, count: width * height)
    }

    /// Fills a rectangle that lies inside the image.
    mutating func fill(columns: Range<Int>, rows: Range<Int>, color: UInt8) {
        for row in rows {
            for pixel in row * self.width + columns.lowerBound..<row * self.width + columns.upperBound {
                self.pixels[pixel] = color
            }
        }
    }

    /// Fills a rectangle with the diagonal hatch of an undefined value.
    mutating func hatch(columns: Range<Int>, rows: Range<Int>) {
        for row in rows {
            for column in columns {
                let isLight = (row + column) % 8 < 4
                self.pixels[row * self.width + column] = (isLight ? Ink.lightHatch : Ink.darkHatch).rawValue
            }
        }
    }

    /// Draws the border of a rectangle, inwards from its edges.
    mutating func frame(columns: Range<Int>, rows: Range<Int>, thickness: Int, ink: Ink) {
        let color = ink.rawValue
        let across = min(thickness, columns.count)
        let down = min(thickness, rows.count)
        self.fill(columns: columns, rows: rows.lowerBound..<rows.lowerBound + down, color: color)
        self.fill(columns: columns, rows: rows.upperBound - down..<rows.upperBound, color: color)
        self.fill(columns: columns.lowerBound..<columns.lowerBound + across, rows: rows, color: color)
        self.fill(columns: columns.upperBound - across..<columns.upperBound, rows: rows, color: color)
    }

    /// Writes a line of text with its left upper corner at a place; what lies outside the image is cut off.
    mutating func write(_ text: String, column: Int, row: Int, scale: Int, ink: Ink) {
        for (index, character) in text.enumerated() {
            for (x, bits) in BitmapFont.columns(of: character).enumerated() {
                for y in 0..<BitmapFont.glyphHeight where bits >> UInt8(y) & 1 == 1 {
                    let left = column + (index * BitmapFont.advance + x) * scale
                    let top = row + y * scale
                    guard left >= 0, top >= 0, left + scale <= self.width, top + scale <= self.height else { continue }
                    self.fill(columns: left..<left + scale, rows: top..<top + scale, color: ink.rawValue)
                }
            }
        }
    }
}
