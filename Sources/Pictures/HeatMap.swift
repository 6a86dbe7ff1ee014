/// A square matrix of layers against layers, ready to be drawn.
///
/// The model knows nothing of a medium: ``terminalPicture(columns:rows:capability:)``, ``svg()`` and ``png()`` draw the same
/// map in the terminal, as a vector drawing and as pixels.
public struct HeatMap: Hashable, Sendable {
    /// The layers' names, in the order of rows and columns, without control characters.
    public let layers: [String]

    /// The values in row-major order; what is not finite is drawn as undefined.
    public let values: [Double]

    /// The values of the two ends of the colour bar.
    public let range: ClosedRange<Double>

    /// The lines above the picture: what it shows.
    public let title: [String]

    /// The lines that say what the matrix covers and what it lacks.
    public let caption: [String]

    /// The sentences that say what was found in the matrix.
    public let notes: [String]

    /// The intervals of layers that are framed, 0-based and inclusive.
    public let outlines: [ClosedRange<Int>]

    /// Creates a heat map.
    ///
    /// Control characters in any text are replaced: a layer's name comes from a peer, and must not steer a terminal.
    ///
    /// - Parameters:
    ///   - layers: The layers' names, *L* of them.
    ///   - values: *L* × *L* values in row-major order.
    ///   - range: The values of the ends of the colour bar. By default 0…1, extended outwards in hundredths to hold every
    ///     finite value.
    ///   - title: The lines above the picture.
    ///   - caption: The lines that say what the matrix covers.
    ///   - notes: Sentences that say what was found in the matrix.
    ///   - outlines: Intervals of layers to frame; what lies outside the matrix is cut off.
    /// - Precondition: `values.count == layers.count * layers.count`.
    public init(
        layers: [String],
        values: [Double],
        range: ClosedRange<Double>? = nil,
        title: [String] = [],
        caption: [String] = [],
        notes: [String] = [],
        outlines: [ClosedRange<Int>] = []
    ) {
        precondition(
            values.count == layers.count * layers.count,
            "\(values.count) values are not \(layers.count) × \(layers.count)"
        )
        self.layers = layers.map(DisplayText.printable)
        self.values = values
        self.range = range ?? Self.range(of: values)
        self.title = title.map(DisplayText.printable)
        self.caption = caption.map(DisplayText.printable)
        self.notes = notes.map(DisplayText.printable)
        let whole = 0..<layers.count
        self.outlines = outlines.filter { whole.overlaps($0) }.map { $0.clamped(to: 0...layers.count - 1) }
    }

    /// Whether any value has to be drawn as undefined.
    var hasUndefinedValues: Bool {
        self.values.contains { !$0.isFinite }
    }

    /// The two ends of the colour bar as a reader sees them, such as `0.00` and `1.00`.
    var rangeText: (lower: String, upper: String) {
        (DisplayText.decimal(self.range.lowerBound), DisplayText.decimal(self.range.upperBound))
    }

    /// The smallest range of whole hundredths that holds 0, 1 and every finite value.
    ///
    /// A CKA may be negative, and the unbiased estimate may exceed 1; neither is cut off. Rounding outwards makes the range
    /// that a picture states the one that it uses.
    private static func range(of values: [Double]) -> ClosedRange<Double> {
        var (lower, upper) = (0.0, 1.0)
        for value in values where value.isFinite {
            lower = min(lower, value)
            upper = max(upper, value)
        }
        // A self-similarity of 1 + 1e-15 is rounding, not a reason for a bar that ends at 1.01.
        let slack = 1e-9
        lower = lower < -slack ? ((lower + slack) * 100).rounded(.down) / 100 : 0
        upper = upper > 1 + slack ? ((upper - slack) * 100).rounded(.up) / 100 : 1
        return lower.isFinite && upper.isFinite ? lower...upper : 0...1
    }
}
