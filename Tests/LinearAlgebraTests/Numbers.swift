import LinearAlgebra

/// A sequence of uniform numbers between −1 and 1, the same for the same seed.
func numbers(_ count: Int, seed: UInt64) -> [Double] {
    var state = seed
    return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Double(Int64(bitPattern: state) >> 11) / Double(1 << 52)
    }
}

/// Calls a closure with little-endian bytes that begin `offset` bytes behind an aligned address.
func withBytes<Result>(
    of words: [some FixedWidthInteger],
    offset: Int = 0,
    _ body: (RawSpan) throws -> Result
) rethrows -> Result {
    var bytes = [UInt8](repeating: 0xa5, count: offset)
    for word in words {
        for shift in stride(from: 0, to: word.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: word >> shift))
        }
    }
    // SAFETY: Every byte is initialized.
    return try body(unsafe bytes.span.bytes.extracting(offset...))
}

/// Calls a closure with numbers stored in the given precision, and with what they became by it.
func withBytes<Result>(
    of values: [Double],
    as elementType: ElementType,
    offset: Int = 0,
    _ body: (_ bytes: RawSpan, _ stored: [Double]) throws -> Result
) rethrows -> Result {
    switch elementType {
    case .float16:
        let stored = values.map { Float16($0) }
        return try withBytes(of: stored.map(\.bitPattern), offset: offset) { try body($0, stored.map { Double($0) }) }
    case .bfloat16:
        let words = values.map { UInt16(truncatingIfNeeded: Float($0).bitPattern >> 16) }
        let stored = words.map { Double(Float(bitPattern: UInt32($0) << 16)) }
        return try withBytes(of: words, offset: offset) { try body($0, stored) }
    case .float32:
        let stored = values.map { Float($0) }
        return try withBytes(of: stored.map(\.bitPattern), offset: offset) { try body($0, stored.map { Double($0) }) }
    case .float64:
        return try withBytes(of: values.map(\.bitPattern), offset: offset) { try body($0, values) }
    }
}
