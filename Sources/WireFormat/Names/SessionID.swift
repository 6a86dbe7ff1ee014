/// The identity of one emitter process of a run: a UUID.
public struct SessionID: Hashable, Sendable {
    private let high: UInt64
    private let low: UInt64

    /// Creates an identifier from the usual text of a UUID, in either case, or `nil` for any other text.
    public init?(_ text: some StringProtocol) {
        var words: [UInt64] = [0, 0]
        var digitCount = 0
        var offset = 0
        for scalar in text.unicodeScalars {
            guard offset < 36 else { return nil }
            if Self.hyphenOffsets.contains(offset) {
                guard scalar == "-" else { return nil }
            } else {
                guard let digit = scalar.hexadecimalValue else { return nil }
                words[digitCount / 16] = words[digitCount / 16] << 4 | UInt64(digit)
                digitCount += 1
            }
            offset += 1
        }
        guard offset == 36 else { return nil }
        self.high = words[0]
        self.low = words[1]
    }

    private static let hyphenOffsets = [8, 13, 18, 23]
}

extension SessionID: CustomStringConvertible {
    /// The usual text of a UUID, in lower case.
    public var description: String {
        var text = ""
        for (index, word) in [self.high, self.low].enumerated() {
            for digit in 0..<16 {
                let value = Int(truncatingIfNeeded: word >> UInt64(60 - 4 * digit)) & 15
                text += String(value, radix: 16)
                if [7, 11, 15, 19].contains(16 * index + digit) { text += "-" }
            }
        }
        return text
    }
}
