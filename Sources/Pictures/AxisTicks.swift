/// The layers that are named along an axis.
enum AxisTicks {
    /// Chooses the positions to name, from 0 in equal steps of 1, 2, 5, 10, 20, 50, ….
    ///
    /// - Parameters:
    ///   - layerCount: The number of layers along the axis.
    ///   - extent: The length of the axis, in any unit.
    ///   - gap: The least distance of two names, in the same unit.
    /// - Returns: The positions, ascending; at least position 0 where there is a layer.
    static func positions(layerCount: Int, extent: Int, gap: Int) -> [Int] {
        guard layerCount > 0 else { return [] }
        var decade = 1
        while decade < layerCount {
            for factor in [1, 2, 5] where factor * decade * extent >= gap * layerCount {
                return Array(stride(from: 0, to: layerCount, by: factor * decade))
            }
            decade *= 10
        }
        return extent >= gap * layerCount ? Array(0..<layerCount) : [0]
    }
}
