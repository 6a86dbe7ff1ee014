/// A colour of the sRGB space with eight bits a channel.
struct RGBColor: Hashable, Sendable {
    /// The red channel.
    let red: UInt8

    /// The green channel.
    let green: UInt8

    /// The blue channel.
    let blue: UInt8

    /// Creates a colour from a number written as `0xRRGGBB`.
    init(_ code: UInt32) {
        self.red = UInt8(truncatingIfNeeded: code >> 16)
        self.green = UInt8(truncatingIfNeeded: code >> 8)
        self.blue = UInt8(truncatingIfNeeded: code)
    }

    /// Creates the colour that lies at `fraction` of the way from one colour to another.
    ///
    /// - Parameters:
    ///   - start: The colour at fraction 0.
    ///   - end: The colour at fraction 1.
    ///   - fraction: A number from 0 to 1.
    init(from start: RGBColor, to end: RGBColor, fraction: Double) {
        func mixed(_ a: UInt8, _ b: UInt8) -> UInt8 {
            UInt8((Double(a) + (Double(b) - Double(a)) * fraction).rounded())
        }
        self.red = mixed(start.red, end.red)
        self.green = mixed(start.green, end.green)
        self.blue = mixed(start.blue, end.blue)
    }

    /// The colour as SVG and CSS write it, such as `#fb8761`.
    var css: String {
        let code = UInt32(self.red) << 16 | UInt32(self.green) << 8 | UInt32(self.blue)
        let digits = String(code, radix: 16)
        return "#" + String(repeating: "0", count: 6 - digits.count) + digits
    }

    /// The number of the colour in the 256 colours of xterm that is nearest to this one.
    ///
    /// Looks at the cube of six levels a channel (16…231) and at the greys (232…255). The first sixteen colours are the
    /// user's own theme and are left alone.
    var xtermCode: Int {
        let levels = [0, 95, 135, 175, 215, 255]
        func nearestLevel(_ channel: UInt8) -> Int {
            levels.indices.min { abs(levels[$0] - Int(channel)) < abs(levels[$1] - Int(channel)) } ?? 0
        }
        func distance(_ red: Int, _ green: Int, _ blue: Int) -> Int {
            let (dr, dg, db) = (red - Int(self.red), green - Int(self.green), blue - Int(self.blue))
            return dr * dr + dg * dg + db * db
        }

        let (r, g, b) = (nearestLevel(self.red), nearestLevel(self.green), nearestLevel(self.blue))
        let mean = (Int(self.red) + Int(self.green) + Int(self.blue)) / 3
        let grey = min(23, max(0, (mean - 3) / 10))
        let greyLevel = 8 + 10 * grey
        return distance(greyLevel, greyLevel, greyLevel) < distance(levels[r], levels[g], levels[b])
            ? 232 + grey : 16 + 36 * r + 6 * g + b
    }
}
