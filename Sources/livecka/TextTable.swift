/// Rows of text whose columns stand below each other.
struct TextTable {
    private var rows: [[String]]

    /// Creates a table that begins with a header, where one is given.
    init(header: [String]? = nil) {
        self.rows = header.map { [$0] } ?? []
    }

    /// Appends a row.
    mutating func append(_ row: [String]) {
        self.rows.append(row)
    }

    /// The rows, each on a line of its own.
    var text: String {
        let columnCount = self.rows.map(\.count).max() ?? 0
        let widths = (0..<columnCount).map { column in
            self.rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0
        }
        return self.rows.map { row in
            var line = ""
            for (cell, width) in zip(row, widths) {
                line += cell + String(repeating: " ", count: width - cell.count + 2)
            }
            while line.last == " " {
                line.removeLast()
            }
            return line
        }.joined(separator: "\n")
    }
}
