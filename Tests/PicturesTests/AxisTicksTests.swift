import Testing

@testable import Pictures

@Suite struct AxisTicksTests {
    @Test func everyLayerIsNamedWhereThereIsRoom() {
        #expect(AxisTicks.positions(layerCount: 9, extent: 18, gap: 2) == Array(0..<9))
    }

    @Test(arguments: [
        (41, 20, 2, [0, 5, 10, 15, 20, 25, 30, 35, 40]),
        (41, 82, 4, Array(stride(from: 0, to: 41, by: 2))),
        (1000, 60, 6, Array(stride(from: 0, to: 1000, by: 100))),
        (4096, 3, 2, [0]),
        (1, 1, 5, [0]),
        (0, 10, 1, []),
    ])
    func stepsAreRoundNumbers(layerCount: Int, extent: Int, gap: Int, expected: [Int]) {
        #expect(AxisTicks.positions(layerCount: layerCount, extent: extent, gap: gap) == expected)
    }
}
