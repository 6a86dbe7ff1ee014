/// Doubles as little-endian bytes, as frames and files hold them.
enum Float64Bytes {
    /// The doubles in some bytes.
    ///
    /// - Precondition: `bytes.count` is a multiple of 8.
    static func decode(_ bytes: ArraySlice<UInt8>) -> [Double] {
        precondition(bytes.count.isMultiple(of: 8), "\(bytes.count) bytes are no doubles")
        return stride(from: bytes.startIndex, to: bytes.endIndex, by: 8).map { start in
            var bits: UInt64 = 0
            for index in (start..<start + 8).reversed() {
                bits = bits << 8 | UInt64(bytes[index])
            }
            return Double(bitPattern: bits)
        }
    }

    /// The bytes of some doubles.
    static func encode(_ values: [Double]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(8 * values.count)
        for value in values {
            for shift in stride(from: 0, to: 64, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> UInt64(shift)))
            }
        }
        return bytes
    }
}
