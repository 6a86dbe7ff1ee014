extension Unicode.Scalar {
    /// The value of a hexadecimal digit, in either case, or `nil` for any other character.
    var hexadecimalValue: UInt8? {
        switch self {
        case "0"..."9": UInt8(self.value - 0x30)
        case "a"..."f": UInt8(self.value - 0x61 + 10)
        case "A"..."F": UInt8(self.value - 0x41 + 10)
        default: nil
        }
    }
}
