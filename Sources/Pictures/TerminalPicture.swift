extension HeatMap {
    /// Draws the map for a terminal.
    ///
    /// With colours, each character is a half block that holds two pixels, one above the other; without, a pixel is two
    /// characters of a density ramp, from a space for the lower end to `@` for the upper, and `·` where undefined. What does
    /// not fit is left out, the matrix last.
    ///
    /// - Parameters:
    ///   - columns: The number of columns that no line exceeds.
    ///   - rows: The number of lines that the picture does not exceed.
    ///   - capability: What the terminal can show.
    /// - Returns: Lines separated by `\n`, without one at the end; every line resets the colours that it sets.
    public func terminalPicture(columns: Int, rows: Int, capability: TerminalCapability) -> String {
        guard columns > 0, rows > 0 else { return "" }
        guard !self.layers.isEmpty else {
            return (self.title + self.caption + self.notes + ["No layers yet."]).prefix(rows)
                .map { DisplayText.shortenedAtTheEnd($0, to: columns) }.joined(separator: "\n")
        }
        return TerminalPicture(self, layout: TerminalLayout(self, columns: columns, rows: rows, capability: capability))
            .text
    }
}

/// Draws one heat map into the places that a layout has given out.
private struct TerminalPicture {
    private let map: HeatMap
    private let layout: TerminalLayout
    private let grid: PixelGrid
    private let outlines: [ClosedRange<Int>]

    init(_ map: HeatMap, layout: TerminalLayout) {
        self.map = map
        self.layout = layout
        let grid = PixelGrid(map, maximumSide: layout.maximumSide, maximumScale: 8)
        self.grid = grid
        self.outlines = map.outlines.map { grid.pixels(of: $0) }
    }

    var text: String {
        var lines = self.layout.header
        let labels = self.labels
        let indent = String(repeating: " ", count: self.layout.gutter)
        for line in 0..<self.lineCount {
            let pixels = self.layout.capability == .plain ? self.plainLine(line) : self.coloredLine(line)
            lines.append((labels[line] ?? indent) + pixels)
        }
        if self.layout.showsPositions {
            lines.append(self.positions)
        }
        if self.layout.showsColorBar {
            lines.append(self.colorBar)
        }
        lines += self.layout.notes
        return lines.joined(separator: "\n")
    }

    private var lineCount: Int {
        (self.grid.side + self.layout.pixelsPerLine - 1) / self.layout.pixelsPerLine
    }

    /// The names along the left axis, by line, as wide as the gutter.
    private var labels: [Int: String] {
        guard self.layout.gutter > 0 else { return [:] }
        let dense = AxisTicks.positions(layerCount: self.grid.layerCount, extent: self.lineCount, gap: 1)
        // Names on neighbouring lines are read easily only where every layer has its line.
        let layers =
            dense.count == self.grid.layerCount
            ? dense : AxisTicks.positions(layerCount: self.grid.layerCount, extent: self.lineCount, gap: 2)
        let digits = String(self.grid.layerCount - 1).count
        let entries = layers.map { layer in
            let position = DisplayText.alignedRight(String(layer), in: digits)
            let name = DisplayText.shortenedInTheMiddle(self.map.layers[layer], to: self.layout.gutter - digits - 2)
            let label = DisplayText.alignedRight("\(name) \(position) ", in: self.layout.gutter)
            let pixels = self.grid.pixels(of: layer)
            return ((pixels.lowerBound + pixels.upperBound) / 2 / self.layout.pixelsPerLine, label)
        }
        return Dictionary(entries) { first, _ in first }
    }

    /// The positions along the bottom, each under the middle of its layer.
    private var positions: String {
        let width = self.grid.side * self.layout.columnsPerPixel
        let digits = String(self.grid.layerCount - 1).count
        var line = [Character](repeating: " ", count: self.layout.gutter + width)
        for layer in AxisTicks.positions(layerCount: self.grid.layerCount, extent: width, gap: digits + 2) {
            let text = String(layer)
            let pixels = self.grid.pixels(of: layer)
            let middle = (pixels.lowerBound + pixels.upperBound + 1) * self.layout.columnsPerPixel / 2
            let start = self.layout.gutter + max(0, min(middle - (text.count + 1) / 2, width - text.count))
            for (offset, digit) in text.enumerated() where start + offset < line.count {
                line[start + offset] = digit
            }
        }
        while line.last == " " {
            line.removeLast()
        }
        return String(line)
    }

    private var colorBar: String {
        let range = self.map.rangeText
        let legend = "  \(range.lower) … \(range.upper)"
        let free = self.layout.columns - self.layout.gutter - DisplayText.width(of: legend)
        let width = min(32, self.grid.side * self.layout.columnsPerPixel, free)
        guard width > 1 else {
            return DisplayText.shortenedAtTheEnd(String(legend.dropFirst(2)), to: self.layout.columns)
        }

        var pen = Pen(capability: self.layout.capability)
        var line = String(repeating: " ", count: self.layout.gutter)
        for column in 0..<width {
            let level = column * (ColorMap.levelCount - 1) / (width - 1)
            line +=
                pen.isPlain ? String(Self.rampCharacter(ofLevel: level)) : pen.cell(ColorMap.levels[level], nil, "█")
        }
        line += pen.reset() + legend
        let undefined = self.map.hasUndefinedValues ? "  ·· undefined" : ""
        if DisplayText.width(of: undefined) <= free - width {
            if pen.isPlain || undefined.isEmpty {
                line += undefined
            } else {
                line += "  " + pen.cell(ColorMap.undefined.dark, ColorMap.undefined.light, "▀")
                line += pen.cell(ColorMap.undefined.light, ColorMap.undefined.dark, "▀") + pen.reset() + " undefined"
            }
        }
        return line
    }

    // MARK: Colours

    private func coloredLine(_ line: Int) -> String {
        var pen = Pen(capability: self.layout.capability)
        var text = ""
        for column in 0..<self.grid.side {
            let upper = self.color(row: 2 * line, column: column)
            let lower = 2 * line + 1 < self.grid.side ? self.color(row: 2 * line + 1, column: column) : nil
            text += pen.cell(upper, lower, "▀")
        }
        return text + pen.reset()
    }

    private func color(row: Int, column: Int) -> RGBColor {
        if self.outlines.contains(where: { $0.hasOnBorder(row, column) }) {
            return ColorMap.outline
        }
        guard let level = ColorMap.level(of: self.grid[row, column], in: self.map.range) else {
            return (row + column).isMultiple(of: 2) ? ColorMap.undefined.dark : ColorMap.undefined.light
        }
        return ColorMap.levels[level]
    }

    // MARK: Characters

    private static let ramp = Array(" ,:=oO8#@")

    private static func rampCharacter(ofLevel level: Int) -> Character {
        self.ramp[level * self.ramp.count / ColorMap.levelCount]
    }

    private func plainLine(_ row: Int) -> String {
        var text = ""
        for column in 0..<self.grid.side {
            let level = ColorMap.level(of: self.grid[row, column], in: self.map.range)
            let value = level.map(Self.rampCharacter) ?? "·"
            var pair = (value, value)
            for outline in self.outlines where outline.hasOnBorder(row, column) {
                let isHorizontal = row == outline.lowerBound || row == outline.upperBound
                if isHorizontal {
                    pair = ("-", "-")
                }
                if column == outline.lowerBound {
                    pair.0 = isHorizontal ? "+" : "|"
                }
                if column == outline.upperBound {
                    pair.1 = isHorizontal ? "+" : "|"
                }
            }
            text.append(pair.0)
            if self.layout.columnsPerPixel > 1 {
                text.append(pair.1)
            }
        }
        return text
    }
}

extension ClosedRange<Int> {
    /// Whether a pixel lies on the border of the square that this range spans on the diagonal.
    func hasOnBorder(_ row: Int, _ column: Int) -> Bool {
        guard self.contains(row), self.contains(column) else { return false }
        return row == self.lowerBound || row == self.upperBound || column == self.lowerBound
            || column == self.upperBound
    }
}
