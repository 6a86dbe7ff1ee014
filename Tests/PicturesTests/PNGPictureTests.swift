import CPNG
import Testing

@testable import Pictures

@Suite struct PNGPictureTests {
    @Test(arguments: [1, 2, 9, 41, 820, 900])
    func everyCellHasItsColor(layerCount: Int) throws {
        let map = HeatMap.fading(layerCount: layerCount, title: [], caption: [])
        let image = try #require(DecodedImage(map.png()))
        let scale = max(1, 820 / layerCount)
        // The matrix is the only part whose top row begins with the brightest colour and that is as wide as the layers.
        let top = 24 + 10
        let left = try #require((0..<image.width).first { image[$0, top] == RGBColor(0xfcfdbf) })
        for layer in [0, layerCount / 2, layerCount - 1] {
            let level = try #require(ColorMap.level(of: map.values[layer], in: 0...1))
            for offset in [0, scale - 1] {
                #expect(image[left + layer * scale + offset, top] == ColorMap.levels[level])
            }
        }
    }

    @Test func undefinedCellsAreHatched() throws {
        let map = HeatMap(layers: ["a"], values: [.nan])
        let image = try #require(DecodedImage(map.png()))
        let greys = [ColorMap.undefined.dark, ColorMap.undefined.light]
        let row = (0..<image.width).map { image[$0, 100] }
        #expect(row.count { $0 == greys[0] } > 400)
        #expect(row.count { $0 == greys[1] } > 400)
    }

    @Test func outlinesAreDrawn() throws {
        let plain = try #require(DecodedImage(HeatMap.fading(layerCount: 41).png()))
        let framed = try #require(DecodedImage(HeatMap.fading(layerCount: 41, outlines: [10...40]).png()))
        #expect(!plain.colors.contains(ColorMap.outline))
        // Four sides of 31 layers of 20 pixels, 3 pixels thick.
        #expect(framed.colors.count { $0 == ColorMap.outline } == 4 * 3 * 620 - 4 * 9)
    }

    @Test func anEmptyMatrixIsStillAnImage() throws {
        let map = HeatMap(layers: [], values: [], title: ["no layers"])
        let image = try #require(DecodedImage(map.png()))
        #expect(image.colors.contains(RGBColor(0x1b1b25)))
    }

    @Test func textIsDrawnPixelByPixel() {
        var raster = Raster(width: 6, height: 7)
        raster.write("T", column: 0, row: 0, scale: 1, ink: .text)
        let rows = (0..<7).map { row in
            String((0..<6).map { raster.pixels[row * 6 + $0] == Raster.Ink.text.rawValue ? "#" : "." })
        }
        #expect(rows == ["#####."] + Array(repeating: "..#...", count: 6))
    }

    @Test func textBeyondTheEdgeIsCutOff() {
        var raster = Raster(width: 10, height: 10)
        raster.write("long 層 text", column: -7, row: -3, scale: 2, ink: .text)
        #expect(raster.pixels.count == 100)
        #expect(raster.pixels.contains(Raster.Ink.text.rawValue))
    }
}

/// An image as libpng reads it back.
private struct DecodedImage {
    let width: Int
    let colors: [RGBColor]

    init?(_ bytes: [UInt8]) {
        var image = unsafe png_image()
        unsafe image.version = png_uint_32(PNG_IMAGE_VERSION)
        // SAFETY: libpng reads from `bytes` until `png_image_finish_read`, which runs inside the closure and frees the image.
        let pixels: [UInt8]? = unsafe bytes.withUnsafeBytes { bytes in
            guard unsafe png_image_begin_read_from_memory(&image, bytes.baseAddress, bytes.count) != 0 else {
                return nil
            }
            unsafe image.format = png_uint_32(PNG_FORMAT_RGB)
            var pixels = unsafe [UInt8](repeating: 0, count: 3 * Int(image.width) * Int(image.height))
            return unsafe png_image_finish_read(&image, nil, &pixels, 0, nil) != 0 ? pixels : nil
        }
        guard let pixels else { return nil }
        self.width = unsafe Int(image.width)
        self.colors = stride(from: 0, to: pixels.count, by: 3).map {
            RGBColor(UInt32(pixels[$0]) << 16 | UInt32(pixels[$0 + 1]) << 8 | UInt32(pixels[$0 + 2]))
        }
    }

    subscript(column: Int, row: Int) -> RGBColor {
        self.colors[row * self.width + column]
    }
}
