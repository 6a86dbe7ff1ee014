import Foundation
import Pictures
import WireFormat

/// An alert as one line for a person: when, how it stands, how bad it is, and what is the matter.
struct AlertLine {
    private let alert: JSONObject

    /// Creates a line for an alert as the daemon tells it.
    init(_ alert: JSONObject) {
        self.alert = alert
    }

    /// The line.
    func text(isColoured: Bool) -> String {
        let state = self.alert["state"].display
        let severity = self.alert["severity"].display
        let data = self.alert["data"].display
        let summary = DisplayText.printable(self.alert["summary"].display)
        let words = [
            self.time, self.painted(pad(state, 8), isColoured), pad(severity, 8),
            data == "ok" ? summary : "\(summary) (data: \(data))",
        ]
        return words.joined(separator: "  ")
    }

    private var time: String {
        guard let time = self.alert["updated_at"]?.double else { return "–" }
        return Date(timeIntervalSince1970: time).formatted(
            .verbatim(
                "\(year: .defaultDigits)-\(month: .twoDigits)-\(day: .twoDigits) \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\(second: .twoDigits)",
                timeZone: .current,
                calendar: Calendar(identifier: .gregorian)
            )
        )
    }

    private func painted(_ text: String, _ isColoured: Bool) -> String {
        guard isColoured else { return text }
        let code =
            switch (self.alert["state"]?.string, self.alert["severity"]?.string) {
            case ("firing", "info"): "36"
            case ("firing", _): "1;31"
            case ("pending", _): "33"
            case ("resolved", _): "32"
            default: "2"
            }
        return "\u{1B}[\(code)m\(text)\u{1B}[0m"
    }
}

private func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
}
