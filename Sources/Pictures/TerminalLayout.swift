/// Which parts of a picture fit into a terminal, and where the matrix goes.
struct TerminalLayout {
    /// The number of columns that a line may take.
    let columns: Int

    /// What the terminal can show.
    let capability: TerminalCapability

    /// The lines above the matrix, already cut to the width.
    let header: [String]

    /// The lines below everything, already broken to the width.
    let notes: [String]

    /// Whether the positions of layers are written below the matrix.
    let showsPositions: Bool

    /// Whether the last line is the colour bar.
    let showsColorBar: Bool

    /// The columns to the left of the matrix, which hold the layers' names; 0 where there is no room for them.
    let gutter: Int

    /// The number of pixels that fit along the matrix's edge.
    let maximumSide: Int

    /// The number of characters that a pixel is wide.
    let columnsPerPixel: Int

    /// The number of rows of pixels that a line of text holds.
    let pixelsPerLine: Int

    /// Gives out the lines and columns of a terminal.
    ///
    /// Where lines are short, the positions go first, then the caption, the colour bar, the title and the notes.
    init(_ map: HeatMap, columns: Int, rows: Int, capability: TerminalCapability) {
        self.columns = columns
        self.capability = capability
        self.columnsPerPixel = capability == .plain ? min(2, columns) : 1
        self.pixelsPerLine = capability == .plain ? 1 : 2

        let wanted = min(rows, 8, (map.layers.count + self.pixelsPerLine - 1) / self.pixelsPerLine)
        var (title, caption, showsPositions, showsColorBar) = (map.title, map.caption, true, true)
        var notes = map.notes.flatMap { DisplayText.wrapped($0, to: columns) }
        func matrixRows() -> Int {
            rows - title.count - caption.count - notes.count - (showsPositions ? 1 : 0) - (showsColorBar ? 1 : 0)
        }
        if matrixRows() < wanted {
            showsPositions = false
        }
        while matrixRows() < wanted, !caption.isEmpty {
            caption.removeLast()
        }
        if matrixRows() < wanted {
            showsColorBar = false
        }
        while matrixRows() < wanted, !title.isEmpty {
            title.removeLast()
        }
        while matrixRows() < wanted, !notes.isEmpty {
            notes.removeLast()
        }
        self.notes = notes
        self.header = (title + caption).map { DisplayText.shortenedAtTheEnd($0, to: columns) }
        self.showsPositions = showsPositions
        self.showsColorBar = showsColorBar

        let digits = String(map.layers.count - 1).count
        let longestName = map.layers.reduce(0) { max($0, DisplayText.width(of: $1)) }
        let gutter = min(longestName, 24, columns / 3) + digits + 2
        self.gutter = columns - gutter >= 16 ? gutter : 0
        self.maximumSide = max(1, min((columns - self.gutter) / columnsPerPixel, matrixRows() * pixelsPerLine))
    }
}
