public import WireFormat

/// The rows of a benchmark, as a table for people and as JSON for programs.
public struct BenchmarkReport: Sendable {
    /// The rows, in the order in which they were measured.
    public var rows: [BenchmarkRow]

    /// Creates a report.
    public init(rows: [BenchmarkRow]) {
        self.rows = rows
    }

    /// `{"rows": [{"bench", "layers", "examples", "features", "dtype", "seconds", "floor_seconds", "ratio", …}]}`.
    public var json: JSONValue {
        ["rows": .array(self.rows.map { .object($0.json) })]
    }

    /// The rows below a header, in columns; details follow as words.
    public var table: String {
        let header = ["BENCH", "LAYERS", "EXAMPLES", "FEATURES", "DTYPE", "SECONDS", "FLOOR", "RATIO", ""]
        let lines = [header] + self.rows.map(\.cells)
        let widths = header.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { line in
            var text = ""
            for (column, cell) in line.enumerated() {
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                // Words begin on the left, numbers end on the right.
                text += (Self.isNumber(column) ? padding + cell : cell + padding) + "  "
            }
            while text.last == " " {
                text.removeLast()
            }
            return text
        }.joined(separator: "\n")
    }

    private static func isNumber(_ column: Int) -> Bool {
        [1, 2, 3, 5, 6, 7].contains(column)
    }
}

extension BenchmarkRow {
    /// What stands in the columns of the table.
    fileprivate var cells: [String] {
        [
            self.bench,
            "\(self.layers)",
            "\(self.examples)",
            self.features.map { "\($0)" } ?? "–",
            self.dtype,
            self.seconds.short,
            self.floorSeconds?.short ?? "–",
            self.ratio.map { fixed($0, digits: 3) } ?? "–",
            self.details.map { "\($0.key) \($0.value.short)" }.joined(separator: ", "),
        ]
    }
}

extension Double {
    /// Four significant digits at most, enough for a figure that is never that exact.
    fileprivate var short: String {
        guard self.isFinite else { return "–" }
        switch self.magnitude {
        case 0: return "0"
        case ..<0.0001: return "\(fixed(self * 1e6, digits: 2))e-6"
        case ..<1: return fixed(self, digits: 5)
        case ..<1000: return fixed(self, digits: 3)
        default: return fixed(self, digits: 0)
        }
    }
}

extension JSONValue {
    /// The value as a person reads it.
    fileprivate var short: String {
        switch self {
        case .number(let number): number.short
        case .string(let text): text
        default: self.text
        }
    }
}

/// A number with a fixed number of digits behind the point.
private func fixed(_ number: Double, digits: Int) -> String {
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let rounded = (number * scale).rounded()
    guard rounded.magnitude < 1e15 else { return "\(number)" }
    let whole = Int(rounded.magnitude)
    let sign = rounded < 0 ? "-" : ""
    guard digits > 0 else { return "\(sign)\(whole)" }
    let fraction = "\(whole % Int(scale))"
    return "\(sign)\(whole / Int(scale)).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
}
