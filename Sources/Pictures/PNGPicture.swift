extension HeatMap {
    /// Draws the map as a PNG file.
    ///
    /// Every layer is the same whole number of pixels wide, at least one, so nothing is interpolated or averaged.
    ///
    /// - Returns: The file's bytes.
    /// - Throws: ``PNGError`` where libpng cannot encode the image.
    /// - Complexity: O(*L*²), in a fixed number of pixels up to 820 layers.
    public func png() throws(PNGError) -> [UInt8] {
        try PNGPicture(self).drawn().encodedAsPNG()
    }
}

/// The places of the parts of a PNG picture, in pixels.
private struct PNGPicture {
    private static let margin = 24
    private static let textScale = 2
    private static let lineHeight = 22
    private static let barWidth = 22
    private static let gap = 10

    private let map: HeatMap
    private let scale: Int
    private let left: Int
    private let top: Int

    init(_ map: HeatMap) {
        self.map = map
        self.scale = max(1, 820 / max(1, map.layers.count))
        self.left = Self.margin + Self.textWidth(map.layers.indices.map { Self.label($0, of: map) }) + Self.gap
        self.top = Self.margin + (map.title.count + map.caption.count + map.notes.count) * Self.lineHeight + Self.gap
    }

    private var side: Int { self.scale * self.map.layers.count }
    private var barLeft: Int { self.left + self.side + 2 * Self.gap }

    func drawn() -> Raster {
        let range = self.map.rangeText
        let barTextLeft = self.barLeft + Self.barWidth + Self.gap
        let right = max(
            barTextLeft + Self.textWidth([range.lower, range.upper]),
            Self.margin + Self.textWidth(self.map.title + self.map.caption + self.map.notes)
        )
        let bottom = self.top + self.side + Self.gap + Self.lineHeight
        var raster = Raster(width: right + Self.margin, height: bottom + Self.margin)

        self.drawHeader(in: &raster)
        self.drawCells(in: &raster)
        self.drawAxes(in: &raster)
        if self.side > 0 {
            self.drawColorBar(in: &raster)
            Self.write(range.upper, column: barTextLeft, row: self.top, in: &raster)
            let baseline = self.top + self.side - BitmapFont.glyphHeight * Self.textScale
            Self.write(range.lower, column: barTextLeft, row: baseline, in: &raster)
        }
        return raster
    }

    private func drawHeader(in raster: inout Raster) {
        let captioned = self.map.title.count..<self.map.title.count + self.map.caption.count
        for (index, line) in (self.map.title + self.map.caption + self.map.notes).enumerated() {
            let ink: Raster.Ink = captioned.contains(index) ? .mutedText : .text
            Self.write(line, column: Self.margin, row: Self.margin + index * Self.lineHeight, ink: ink, in: &raster)
        }
    }

    private func drawCells(in raster: inout Raster) {
        for row in self.map.layers.indices {
            let rows = self.top + row * self.scale..<self.top + (row + 1) * self.scale
            for column in self.map.layers.indices {
                let columns = self.left + column * self.scale..<self.left + (column + 1) * self.scale
                let value = self.map.values[row * self.map.layers.count + column]
                if let level = ColorMap.level(of: value, in: self.map.range) {
                    raster.fill(columns: columns, rows: rows, color: UInt8(level))
                } else {
                    raster.hatch(columns: columns, rows: rows)
                }
            }
        }
        for outline in self.map.outlines {
            let first = outline.lowerBound * self.scale
            let end = (outline.upperBound + 1) * self.scale
            raster.frame(
                columns: self.left + first..<self.left + end,
                rows: self.top + first..<self.top + end,
                thickness: 3,
                ink: .outline
            )
        }
    }

    private func drawAxes(in raster: inout Raster) {
        let count = self.map.layers.count
        let glyphHeight = BitmapFont.glyphHeight * Self.textScale
        for layer in AxisTicks.positions(layerCount: count, extent: self.side, gap: glyphHeight + 4) {
            let label = Self.label(layer, of: self.map)
            let row = self.top + layer * self.scale + (self.scale - glyphHeight) / 2
            Self.write(label, column: self.left - Self.gap - Self.textWidth([label]), row: row, in: &raster)
        }
        let digits = Self.textWidth([String(max(0, count - 1))])
        for layer in AxisTicks.positions(layerCount: count, extent: self.side, gap: digits + 2 * Self.gap) {
            let text = String(layer)
            let column = self.left + layer * self.scale + (self.scale - Self.textWidth([text])) / 2
            Self.write(text, column: column, row: self.top + self.side + Self.gap, in: &raster)
        }
    }

    private func drawColorBar(in raster: inout Raster) {
        for row in 0..<self.side {
            let level = (self.side - 1 - row) * (ColorMap.levelCount - 1) / max(1, self.side - 1)
            raster.fill(
                columns: self.barLeft..<self.barLeft + Self.barWidth,
                rows: self.top + row..<self.top + row + 1,
                color: UInt8(level)
            )
        }
    }

    /// A layer's name and position, as they stand on the left axis.
    private static func label(_ layer: Int, of map: HeatMap) -> String {
        DisplayText.shortenedInTheMiddle(map.layers[layer], to: 28) + " " + String(layer)
    }

    private static func textWidth(_ lines: [String]) -> Int {
        lines.reduce(0) { max($0, BitmapFont.width(of: $1)) } * self.textScale
    }

    private static func write(
        _ text: String,
        column: Int,
        row: Int,
        ink: Raster.Ink = .text,
        in raster: inout Raster
    ) {
        raster.write(text, column: column, row: row, scale: self.textScale, ink: ink)
    }
}
