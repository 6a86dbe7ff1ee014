import FoundationEssentials
import FoundationXML
import Pictures
import Testing

@Suite struct SVGPictureTests {
    @Test(arguments: [0, 1, 2, 9, 41, 64, 65, 512, 600])
    func isWellFormed(layerCount: Int) {
        let map = HeatMap.fading(
            layerCount: layerCount,
            name: { "<b>\"a\" & 'b\($0)'</b> ]]> &\u{338} 層" },
            undefinedLayers: [0, 5],
            title: ["<title> & more\u{0}"],
            caption: ["\u{1B}<!-- -->"],
            outlines: layerCount > 5 ? [2...5] : []
        )
        let parser = XMLParser(data: Data(map.svg().utf8))
        #expect(parser.parse(), "line \(parser.lineNumber): \(String(describing: parser.parserError))")
    }

    @Test func smallMatricesNameTheirCells() {
        let map = HeatMap(layers: ["stem", "a<b"], values: [1, 0.456, .nan, 1])
        let svg = map.svg()
        #expect(svg.contains("<title>stem × a&lt;b: 0.46</title>"))
        #expect(svg.contains("<title>a&lt;b × stem: undefined</title>"))
        #expect(svg.contains("fill=\"#fcfdbf\"><title>stem × stem: 1.00</title>"))
    }

    @Test func equalNeighboursOfALargeMatrixAreDrawnAsOne() {
        let map = HeatMap(layers: (0..<100).map(String.init), values: Array(repeating: 1, count: 100 * 100))
        let svg = map.svg()
        #expect(svg.parts(around: "h600").count - 1 == 100)
        #expect(svg.parts(around: "<path").count - 1 == 1)
    }

    @Test func anyNumberOfLayersGivesADocumentOfBoundedSize() {
        let svg = HeatMap.fading(layerCount: 2000).svg()
        #expect(svg.utf8.count < 6_000_000)
        #expect(svg.contains("2000 layers in 512 cells"))
    }

    @Test func outlinesFrameTheirCells() {
        let svg = HeatMap.fading(layerCount: 10, outlines: [2...5]).svg()
        #expect(svg.contains("width=\"192\" height=\"192\" fill=\"none\" stroke=\"#1fb6ff\""))
    }

    @Test func theRangeIsWrittenBesideTheBar() {
        let svg = HeatMap(layers: ["a", "b"], values: [1, -0.25, -0.25, 1]).svg()
        #expect(svg.contains(">-0.25</text>"))
        #expect(svg.contains(">1.00</text>"))
        #expect(!svg.contains(">undefined</text>"))
    }
}

extension String {
    /// The parts between the occurrences of a separator.
    fileprivate func parts(around separator: String) -> [Substring] {
        self.split(separator: separator, omittingEmptySubsequences: false)
    }
}
