/// A heat map resampled to a square of pixels.
///
/// A matrix smaller than the square is repeated a whole number of times, so that every layer is equally wide; a larger one
/// is averaged, each pixel the mean of the defined values that fall into it.
struct PixelGrid {
    /// The number of pixels along an edge.
    let side: Int

    /// The number of layers along the same edge.
    let layerCount: Int

    /// The pixels in row-major order; `NaN` where no value is defined.
    private let values: [Double]

    /// Resamples a map to the largest square that fits.
    ///
    /// - Parameters:
    ///   - map: The map, with at least one layer.
    ///   - maximumSide: The number of pixels that may be used along an edge, at least 1.
    ///   - maximumScale: The number of pixels along an edge that one layer may take.
    /// - Complexity: O(*L*² + side²).
    init(_ map: HeatMap, maximumSide: Int, maximumScale: Int) {
        let layerCount = map.layers.count
        precondition(layerCount > 0 && maximumSide > 0 && maximumScale > 0, "A grid needs layers and pixels")
        let side = layerCount <= maximumSide ? layerCount * min(maximumScale, maximumSide / layerCount) : maximumSide
        self.side = side
        self.layerCount = layerCount

        let bins = (0..<side).map { pixel in
            let lower = pixel * layerCount / side
            return lower..<max(lower + 1, (pixel + 1) * layerCount / side)
        }
        var values: [Double] = []
        values.reserveCapacity(side * side)
        for rows in bins {
            for columns in bins {
                values.append(map.meanOfDefinedValues(rows: rows, columns: columns))
            }
        }
        self.values = values
    }

    /// The value of a pixel.
    subscript(row: Int, column: Int) -> Double {
        self.values[row * self.side + column]
    }

    /// The pixels that show a layer.
    func pixels(of layer: Int) -> ClosedRange<Int> {
        let last = ((layer + 1) * self.side - 1) / self.layerCount
        return (self.side >= self.layerCount ? layer * self.side / self.layerCount : last)...last
    }

    /// The pixels that show an interval of layers.
    func pixels(of layers: ClosedRange<Int>) -> ClosedRange<Int> {
        self.pixels(of: layers.lowerBound).lowerBound...self.pixels(of: layers.upperBound).upperBound
    }
}

extension HeatMap {
    /// The mean of the finite values in a part of the matrix, `NaN` where there is none.
    fileprivate func meanOfDefinedValues(rows: Range<Int>, columns: Range<Int>) -> Double {
        var sum = 0.0
        var count = 0
        for row in rows {
            for column in columns {
                let value = self.values[row * self.layers.count + column]
                if value.isFinite {
                    sum += value
                    count += 1
                }
            }
        }
        return count > 0 ? sum / Double(count) : .nan
    }
}
