import Pictures

extension HeatMap {
    /// A map of similarities that fall with the distance of two layers: 1, 1/2, 1/3, ….
    static func fading(
        layerCount: Int,
        name: (Int) -> String = { "layer\($0)" },
        undefinedLayers: Set<Int> = [],
        title: [String] = ["run · window recent (sliding)", "steps 1–9 · 64 batches"],
        caption: [String] = ["missing 0"],
        notes: [String] = [],
        outlines: [ClosedRange<Int>] = []
    ) -> HeatMap {
        var values: [Double] = []
        for row in 0..<layerCount {
            for column in 0..<layerCount {
                let isUndefined = undefinedLayers.contains(row) || undefinedLayers.contains(column)
                values.append(isUndefined ? .nan : 1 / Double(1 + abs(row - column)))
            }
        }
        return HeatMap(
            layers: (0..<layerCount).map(name),
            values: values,
            title: title,
            caption: caption,
            notes: notes,
            outlines: outlines
        )
    }
}
