import WireFormat

extension JSONValue {
    /// A random value, containers at most `depth` deep.
    static func random(depth: Int, using generator: inout SplitMix64) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &generator) {
        case 0: .null
        case 1: .bool(.random(using: &generator))
        case 2: .integer(.random(in: .min ... .max, using: &generator))
        case 3: .integer(.random(in: -10...10, using: &generator))
        case 4: .number(.randomFinite(using: &generator))
        case 5: .string(.random(using: &generator))
        case 6:
            .array(
                (0..<Int.random(in: 0..<5, using: &generator)).map { _ in
                    .random(depth: depth - 1, using: &generator)
                }
            )
        default:
            .object(
                JSONObject(
                    (0..<Int.random(in: 0..<24, using: &generator)).map { _ in
                        (.random(using: &generator), .random(depth: depth - 1, using: &generator))
                    }
                )
            )
        }
    }
}

extension Double {
    /// A finite number with random bits.
    fileprivate static func randomFinite(using generator: inout SplitMix64) -> Double {
        let number = Double(bitPattern: generator.next())
        return number.isFinite ? number : 0.5
    }
}

extension String {
    /// A short text of characters from everywhere, those included that need an escape.
    fileprivate static func random(using generator: inout SplitMix64) -> String {
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0..<12, using: &generator) {
            let limit: UInt32 = [0x80, 0x800, 0x1_0000, 0x11_0000].randomElement(using: &generator) ?? 0x80
            if let scalar = Unicode.Scalar(UInt32.random(in: 0..<limit, using: &generator)) {
                text.append(scalar)
            }
        }
        return String(text)
    }
}
