extension HeatMap {
    /// Draws the map as an SVG document that needs nothing from outside.
    ///
    /// Up to 64 layers each cell is a rectangle that names its pair of layers and its value when pointed at; above, equal
    /// neighbours of a row are drawn as one; above 512, the matrix is averaged into 512 × 512 cells, and the caption says so.
    ///
    /// - Complexity: O(*L*²); the document's size is bounded for any *L*.
    public func svg() -> String {
        SVGPicture(self).document
    }
}

/// The places of the parts of an SVG picture, in its user units.
private struct SVGPicture {
    private static let margin = 20
    private static let labelLimit = 28
    private static let tooltipLimit = 64
    private static let cellLimit = 512
    private static let ink = "fill=\"#1b1b25\""
    private static let mutedInk = "fill=\"#6a6d7a\""

    private let map: HeatMap
    private let caption: [String]
    private let grid: PixelGrid?
    private let cell: Int
    private let left: Int
    private let top: Int
    private let namesHeight: Int

    init(_ map: HeatMap) {
        self.map = map
        self.caption =
            map.caption
            + (map.layers.count > Self.cellLimit
                ? ["each cell is the mean of several: \(map.layers.count) layers in \(Self.cellLimit) cells"] : [])
        self.grid = map.layers.isEmpty ? nil : PixelGrid(map, maximumSide: Self.cellLimit, maximumScale: 1)
        self.cell = min(48, max(1, 600 / max(1, map.layers.count)))
        self.namesHeight = Self.textWidth(map.layers.indices.map { Self.label($0, of: map) }) + 10
        self.left = Self.margin + self.namesHeight
        self.top = Self.margin + 12 + 18 * map.title.count
    }

    private var side: Int { self.cell * (self.grid?.side ?? 0) }
    private var barLeft: Int { self.left + self.side + 20 }

    var document: String {
        let range = self.map.rangeText
        let captionTop = self.top + self.side + self.namesHeight + 20
        let width =
            max(
                self.barLeft + 20 + Self.textWidth([range.lower, range.upper]),
                Self.margin + Self.textWidth(self.caption + self.map.notes),
                // The title's letters are wider than the labels'.
                Self.margin + Self.textWidth(self.map.title) * 5 / 4
            ) + Self.margin
        let height =
            captionTop + 16 * (self.map.notes.count + self.caption.count) + (self.map.hasUndefinedValues ? 16 : 0) + 4

        var text = """
            <?xml version="1.0" encoding="UTF-8"?>
            <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" \
            viewBox="0 0 \(width) \(height)" font-family="system-ui, 'Helvetica Neue', Arial, sans-serif" font-size="11">
            \(Self.definitions)
            <rect width="\(width)" height="\(height)" fill="#ffffff"/>

            """
        for (index, line) in self.map.title.enumerated() {
            let style = index == 0 ? "font-size=\"15\" font-weight=\"600\"" : "font-size=\"12\""
            text += Self.text(line, x: Self.margin, y: Self.margin + 12 + 18 * index, style + " " + Self.ink)
        }
        if let grid {
            text += self.cells(of: grid) + self.outlines(on: grid) + self.axes(of: grid) + self.colorBar
        }
        let inks = self.map.notes.map { ($0, Self.ink) } + self.caption.map { ($0, Self.mutedInk) }
        for (index, (line, ink)) in inks.enumerated() {
            text += Self.text(line, x: Self.margin, y: captionTop + 16 * index, ink)
        }
        if self.map.hasUndefinedValues {
            let y = captionTop + 16 * inks.count
            text += #"<rect x="\#(Self.margin)" y="\#(y - 9)" width="20" height="10" fill="url(#undefined)"/>"# + "\n"
            text += Self.text("undefined", x: Self.margin + 26, y: y, Self.mutedInk)
        }
        return text + "</svg>\n"
    }

    private static let definitions: String = {
        let last = ColorMap.anchors.count - 1
        let stops = ColorMap.anchors.enumerated()
            .map { #"<stop offset="\#(Double($0) / Double(last))" stop-color="\#($1.css)"/>"# }.joined()
        return """
            <defs>
            <linearGradient id="bar" x1="0" y1="1" x2="0" y2="0">\(stops)</linearGradient>
            <pattern id="undefined" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">\
            <rect width="6" height="6" fill="\(ColorMap.undefined.light.css)"/>\
            <rect width="3" height="6" fill="\(ColorMap.undefined.dark.css)"/></pattern>
            </defs>
            """
    }()

    // MARK: The matrix

    private func cells(of grid: PixelGrid) -> String {
        let cells = grid.layerCount <= Self.tooltipLimit ? self.labelledCells(of: grid) : self.mergedCells(of: grid)
        return "<g shape-rendering=\"crispEdges\">\n\(cells)</g>\n"
    }

    /// A rectangle with a tooltip for every pair of layers.
    private func labelledCells(of grid: PixelGrid) -> String {
        var text = ""
        for row in 0..<grid.side {
            for column in 0..<grid.side {
                let value = grid[row, column]
                let fill = Self.fill(ColorMap.level(of: value, in: self.map.range))
                let pair = "\(self.map.layers[row]) × \(self.map.layers[column])"
                let tooltip = value.isFinite ? "\(pair): \(DisplayText.decimal(value))" : "\(pair): undefined"
                text += #"<rect x="\#(self.left + column * self.cell)" y="\#(self.top + row * self.cell)" "#
                text += #"width="\#(self.cell)" height="\#(self.cell)" fill="\#(fill)">"#
                text += "<title>\(Self.escaped(tooltip))</title></rect>\n"
            }
        }
        return text
    }

    /// One path for each colour, made of runs of equal cells in a row.
    private func mergedCells(of grid: PixelGrid) -> String {
        // The last path is of the undefined cells.
        var paths = [String](repeating: "", count: ColorMap.levelCount + 1)
        for row in 0..<grid.side {
            let levels = (0..<grid.side).map { ColorMap.level(of: grid[row, $0], in: self.map.range) }
            var start = 0
            while start < grid.side {
                let end = levels[start...].firstIndex { $0 != levels[start] } ?? grid.side
                let width = (end - start) * self.cell
                let (x, y) = (self.left + start * self.cell, self.top + row * self.cell)
                paths[levels[start] ?? ColorMap.levelCount] += "M\(x) \(y)h\(width)v\(self.cell)h-\(width)z"
                start = end
            }
        }
        return paths.enumerated().reduce(into: "") { text, path in
            guard !path.element.isEmpty else { return }
            let fill = Self.fill(path.offset < ColorMap.levelCount ? path.offset : nil)
            text += "<path fill=\"\(fill)\" d=\"\(path.element)\"/>\n"
        }
    }

    private func outlines(on grid: PixelGrid) -> String {
        self.map.outlines.reduce(into: "") { text, outline in
            let pixels = grid.pixels(of: outline)
            let start = pixels.lowerBound * self.cell
            let size = pixels.count * self.cell
            text += #"<rect x="\#(self.left + start)" y="\#(self.top + start)" width="\#(size)" height="\#(size)" "#
            text += #"fill="none" stroke="\#(ColorMap.outline.css)" stroke-width="2"/>"# + "\n"
        }
    }

    // MARK: Around the matrix

    private func axes(of grid: PixelGrid) -> String {
        let bottom = self.top + self.side + 8
        var text = "<g \(Self.ink)>\n"
        for layer in AxisTicks.positions(layerCount: grid.layerCount, extent: self.side, gap: 13) {
            let name = Self.label(layer, of: self.map)
            let pixels = grid.pixels(of: layer)
            let middle = (pixels.lowerBound + pixels.upperBound + 1) * self.cell / 2
            text += Self.text(name, x: self.left - 8, y: self.top + middle + 4, #"text-anchor="end""#)
            let x = self.left + middle + 4
            text += Self.text(name, x: x, y: bottom, #"text-anchor="end" transform="rotate(-90 \#(x) \#(bottom))""#)
        }
        return text + "</g>\n"
    }

    private var colorBar: String {
        let range = self.map.rangeText
        let x = self.barLeft + 20
        return #"<rect x="\#(self.barLeft)" y="\#(self.top)" width="14" height="\#(self.side)" fill="url(#bar)"/>"#
            + "\n"
            + Self.text(range.upper, x: x, y: self.top + 9, Self.ink)
            + Self.text(range.lower, x: x, y: self.top + self.side, Self.ink)
    }

    // MARK: Text

    /// A layer's name; one that had to be shortened is told apart by its position.
    private static func label(_ layer: Int, of map: HeatMap) -> String {
        let name = DisplayText.shortenedInTheMiddle(map.layers[layer], to: Self.labelLimit)
        return name == map.layers[layer] ? name : "\(name) \(layer)"
    }

    private static func fill(_ level: Int?) -> String {
        level.map { ColorMap.levels[$0].css } ?? "url(#undefined)"
    }

    private static func text(_ content: String, x: Int, y: Int, _ attributes: String) -> String {
        "<text x=\"\(x)\" y=\"\(y)\" \(attributes)>\(self.escaped(content))</text>\n"
    }

    /// An estimate of the width of the widest line at the labels' size; the reader's font is not known here.
    private static func textWidth(_ lines: [String]) -> Int {
        lines.reduce(0) { max($0, DisplayText.width(of: $1)) } * 63 / 10
    }

    /// Text with the characters of markup replaced, also where a combining mark follows them.
    private static func escaped(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { result, scalar in
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.unicodeScalars.append(scalar)
            }
        }
    }
}
