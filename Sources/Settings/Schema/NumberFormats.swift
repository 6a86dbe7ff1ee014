extension SettingFormat where Value == Int {
    /// A whole number within a range.
    static func count(_ range: ClosedRange<Int>) -> SettingFormat {
        let expectation =
            range.upperBound == .max
            ? "a whole number from \(range.lowerBound)"
            : "a whole number from \(range.lowerBound) to \(range.upperBound)"
        return .scalar(expectation, isNumber: true) { text throws(Misfit) in
            guard let value = Int(text) else {
                throw Misfit(reason: "\(shown(text)) is not a whole number")
            }
            guard value >= range.lowerBound else { throw Misfit(reason: "\(text) is too small") }
            guard value <= range.upperBound else { throw Misfit(reason: "\(text) is too large") }
            return value
        } write: { value in
            String(value)
        }
    }

    /// A whole number from a lower bound.
    static func count(_ range: PartialRangeFrom<Int>) -> SettingFormat {
        .count(range.lowerBound...Int.max)
    }

    /// A length of a sliding window, which is kept in eight stretches.
    static let multipleOfEight: SettingFormat = .scalar("a multiple of 8, such as 64", isNumber: true) {
        text throws(Misfit) in
        guard let value = Int(text) else {
            throw Misfit(reason: "\(shown(text)) is not a whole number")
        }
        guard value > 0 else { throw Misfit(reason: "\(text) is too small", remedy: "use 8 or more") }
        guard value.isMultiple(of: 8) else {
            let below = value / 8 * 8
            let nearest = below == 0 ? "8" : below > .max - 8 ? "\(below)" : "\(below) or \(below + 8)"
            throw Misfit(reason: "\(text) is not a multiple of 8", remedy: "use \(nearest)")
        }
        return value
    } write: { value in
        String(value)
    }
}

extension SettingFormat where Value == Double {
    /// A number within a range.
    static func number(_ range: ClosedRange<Double>) -> SettingFormat {
        .scalar("a number from \(range.lowerBound.shortest) to \(range.upperBound.shortest)", isNumber: true) {
            text throws(Misfit) in
            let value = try finiteNumber(text)
            guard value >= range.lowerBound else { throw Misfit(reason: "\(text) is too small") }
            guard value <= range.upperBound else { throw Misfit(reason: "\(text) is too large") }
            return value
        } write: { value in
            value.shortest
        }
    }

    /// A number above zero.
    static let positiveNumber: SettingFormat = .scalar("a number above 0, such as 256", isNumber: true) {
        text throws(Misfit) in
        let value = try finiteNumber(text)
        guard value > 0 else { throw Misfit(reason: "\(text) is too small") }
        return value
    } write: { value in
        value.shortest
    }
}

/// A number in decimal notation; the words and hexadecimal digits that Swift takes too are none.
private func finiteNumber(_ text: String) throws(Misfit) -> Double {
    let isDecimal = text.utf8.allSatisfy { "0123456789+-.eE".utf8.contains($0) }
    guard isDecimal, let value = Double(text), value.isFinite else {
        throw Misfit(reason: "\(shown(text)) is not a number")
    }
    return value
}

extension Double {
    /// The shortest text that reads back as this number, without a fraction of zero.
    fileprivate var shortest: String {
        Int(exactly: self).map(String.init) ?? "\(self)"
    }
}
