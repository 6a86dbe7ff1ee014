import Testing

@testable import Pictures

@Suite struct PixelGridTests {
    @Test func aSmallMatrixIsRepeatedAWholeNumberOfTimes() {
        let map = HeatMap(layers: ["a", "b"], values: [1, 0.25, 0.5, 0])
        let grid = PixelGrid(map, maximumSide: 5, maximumScale: 8)
        #expect(grid.side == 4)
        let rows = (0..<4).map { row in (0..<4).map { grid[row, $0] } }
        #expect(rows == [[1, 1, 0.25, 0.25], [1, 1, 0.25, 0.25], [0.5, 0.5, 0, 0], [0.5, 0.5, 0, 0]])
    }

    @Test func theScaleIsLimited() {
        #expect(PixelGrid(.fading(layerCount: 3), maximumSide: 1000, maximumScale: 4).side == 12)
    }

    @Test func aLargeMatrixIsAveragedOverItsDefinedValues() {
        let map = HeatMap(
            layers: ["a", "b", "c", "d"],
            values: [
                1, 0, .nan, .nan,
                0, 1, .nan, .nan,
                0.5, .nan, 0.25, 0.75,
                .infinity, .nan, 0.5, 0.5,
            ]
        )
        let grid = PixelGrid(map, maximumSide: 2, maximumScale: 8)
        #expect(grid[0, 0] == 0.5)
        #expect(grid[0, 1].isNaN)
        #expect(grid[1, 0] == 0.5)
        #expect(grid[1, 1] == 0.5)
    }

    /// Counts in a matrix of row numbers, which are their own bins' witnesses.
    @Test(arguments: [(1, 1), (7, 3), (41, 38), (100, 99), (1000, 512), (4096, 37), (5, 50), (3, 8)])
    func everyPixelShowsLayersThatClaimIt(layerCount: Int, maximumSide: Int) {
        let grid = PixelGrid(.fading(layerCount: layerCount), maximumSide: maximumSide, maximumScale: 8)
        var next = 0
        for layer in 0..<layerCount {
            let pixels = grid.pixels(of: layer)
            #expect(pixels.lowerBound == next || pixels.lowerBound == next - 1)
            next = pixels.upperBound + 1
        }
        #expect(next == grid.side)
        #expect(grid.pixels(of: 0...layerCount - 1) == 0...grid.side - 1)
    }
}
