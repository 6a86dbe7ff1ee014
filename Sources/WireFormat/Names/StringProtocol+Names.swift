extension StringProtocol {
    /// Whether this is a name of a run, a window or a rule: `[A-Za-z0-9][A-Za-z0-9._-]{0,127}`.
    var isName: Bool {
        guard let first = self.utf8.first, first.isLetterOrDigit else { return false }
        return self.utf8.count <= 128 && self.utf8.allSatisfy { $0.isLetterOrDigit || $0.isNamePunctuation }
    }

    /// Whether this is a name of a layer: 1–256 bytes of UTF-8 without control characters.
    var isLayerName: Bool {
        1...256 ~= self.utf8.count && !self.unicodeScalars.contains(where: \.isControl)
    }
}

extension Unicode.Scalar {
    /// Whether this is a control character: C0, delete, or C1.
    var isControl: Bool {
        self.value < 0x20 || 0x7F...0x9F ~= self.value
    }
}

extension UInt8 {
    fileprivate var isLetterOrDigit: Bool {
        0x30...0x39 ~= self || 0x41...0x5A ~= self || 0x61...0x7A ~= self
    }

    fileprivate var isNamePunctuation: Bool {
        self == 0x2E || self == 0x5F || self == 0x2D
    }
}
