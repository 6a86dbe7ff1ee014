extension SettingFormat where Value == Int {
    /// A number of bytes with its unit, at least one byte.
    static let size: SettingFormat = .scalar("a whole number and its unit, such as 4096B, 512MiB, 2GiB or 1GB") {
        text throws(Misfit) in
        let (number, unit) = try numberWithUnit(text, units: sizeUnits.map(\.name))
        guard number > 0 else { throw Misfit(reason: "\(text) is too small", remedy: "use 1B or more") }
        let scale = sizeUnits.first { $0.name == unit }?.bytes ?? 1
        let (bytes, overflows) = number.multipliedReportingOverflow(by: scale)
        guard !overflows else { throw Misfit(reason: "\(text) is too large", remedy: "use less than 8388608TiB") }
        return bytes
    } write: { bytes in
        // The unit that leaves the smallest whole number; of two alike the first, which is binary.
        let fitting = sizeUnits.filter { bytes.isMultiple(of: $0.bytes) }
        let unit = fitting.min { bytes / $0.bytes < bytes / $1.bytes }
        return unit.map { "\(bytes / $0.bytes)\($0.name)" } ?? "\(bytes)B"
    }
}

extension SettingFormat where Value == Duration {
    /// A time with its unit.
    static func duration(atLeast minimum: Duration) -> SettingFormat {
        .scalar("a whole number and its unit, such as 250ms, 1s, 5m, 2h or 30d") { text throws(Misfit) in
            let (number, unit) = try numberWithUnit(text, units: durationUnits.map(\.name))
            let scale = durationUnits.first { $0.name == unit }?.length ?? .zero
            let (attoseconds, overflows) = scale.attoseconds.multipliedReportingOverflow(by: Int128(number))
            guard !overflows, attoseconds <= longest.attoseconds else {
                throw Misfit(reason: "\(text) is too long", remedy: "use \(encode(longest)) or less")
            }
            let duration = Duration(attoseconds: attoseconds)
            guard duration >= minimum else {
                throw Misfit(reason: "\(text) is too short", remedy: "use \(encode(minimum)) or more")
            }
            return duration
        } write: { duration in
            encode(duration)
        }
    }
}

/// The units of sizes, the larger first and of each pair the binary one first.
private let sizeUnits: [(name: String, bytes: Int)] = [
    ("TiB", 1 << 40), ("TB", 1_000_000_000_000), ("GiB", 1 << 30), ("GB", 1_000_000_000),
    ("MiB", 1 << 20), ("MB", 1_000_000), ("KiB", 1 << 10), ("kB", 1_000), ("B", 1),
]

/// The units of durations, the longer first.
private let durationUnits: [(name: String, length: Duration)] = [
    ("d", .seconds(24 * 60 * 60)), ("h", .seconds(60 * 60)), ("m", .seconds(60)), ("s", .seconds(1)),
    ("ms", .milliseconds(1)), ("us", .microseconds(1)), ("ns", .nanoseconds(1)),
]

/// A hundred years: beyond it lies a mistake, and the reach of timers.
private let longest = Duration.seconds(36_500 * 24 * 60 * 60)

/// The duration in the longest unit that leaves a whole number.
private func encode(_ duration: Duration) -> String {
    let unit = durationUnits.first { duration.attoseconds.isMultiple(of: $0.length.attoseconds) }
    let (name, length) = unit ?? ("ns", .nanoseconds(1))
    return "\(duration.attoseconds / length.attoseconds)\(name)"
}

/// Splits a text such as `250ms`.
private func numberWithUnit(_ text: String, units: [String]) throws(Misfit) -> (number: Int, unit: String) {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let unit = text.dropFirst(digits.count).drop { $0 == " " }
    guard !digits.isEmpty, !unit.hasPrefix("."), !unit.hasPrefix(",") else {
        throw Misfit(reason: "\(shown(text)) is not a whole number with a unit")
    }
    guard !unit.isEmpty else { throw Misfit(reason: "\(text) has no unit") }
    guard units.contains(String(unit)) else {
        let known = units.reversed().joined(separator: ", ")
        throw Misfit(reason: "the unit \"\(unit)\" is not known", remedy: "use one of \(known)")
    }
    guard let number = Int(digits) else { throw Misfit(reason: "\(text) is too large") }
    return (number, String(unit))
}
