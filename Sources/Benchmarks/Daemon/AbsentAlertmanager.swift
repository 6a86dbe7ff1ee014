internal import Foundation
internal import Glibc
internal import WireFormat

/// Why an Alertmanager takes no alerts.
public enum AlertmanagerOutage: String, CaseIterable, Sendable {
    /// Nobody listens at its port.
    case down
    /// Connections are taken, and nothing is ever answered.
    case silent

    /// How many rules have something to say of every batch, each of two neighbouring layers.
    public static let ruleCount = 8
}

/// An Alertmanager that takes no alerts, with the rules that make a daemon tell it of some with every batch.
final class AbsentAlertmanager {
    /// Where it is.
    let address: sockaddr_in

    private let listener: Int32

    /// Claims a port.
    ///
    /// - Throws: ``ChildProcess/Failure`` where there is none.
    init(_ outage: AlertmanagerOutage) throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        // SAFETY: The system reads and writes one address, as long as it is said to be.
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(listener, address, length) == 0 && getsockname(listener, address, &length) == 0
            }
        }
        // A port that is bound and not listened at refuses connections. One that is listened at takes them without any
        // process doing something.
        guard isBound, outage == .down || listen(listener, 128) == 0 else {
            close(listener)
            throw ChildProcess.Failure(description: "no port is free for an Alertmanager")
        }
        self.listener = listener
        self.address = address
    }

    deinit {
        close(self.listener)
    }

    /// Lines of settings for a daemon: rules that fire whatever the layers are, evaluated with every batch, and whom to tell.
    ///
    /// What changed is told ten times a second, where a user's daemon does so once a minute.
    var settings: [String] {
        let rules = (0..<AlertmanagerOutage.ruleCount).map { rule in
            "{name: pair\(rule), first: '^layer.\(rule)$', second: '^layer.\(rule + 1)$', above: -1, evaluations: 1}"
        }
        let url = "http://127.0.0.1:\(UInt16(bigEndian: self.address.sin_port))"
        return [
            "windows: [{name: pass, kind: pass}, {name: recent, kind: sliding, batches: 8}, "
                + "{name: trend, kind: decay, half_life: 256}, {name: total, kind: total}]",
            "alerts: {similarity: [\(rules.joined(separator: ", "))], "
                + "alertmanager: {url: \"\(url)\", resend: 100ms, timeout: 1s}}",
        ]
    }
}

/// What a daemon knew of its alerts in the end.
struct AlertReading {
    /// How many of the rules' alerts fire.
    let firingCount: Int

    /// How many times they have changed, all together.
    let changeCount: Int

    /// How many deliveries have failed.
    let failedDeliveryCount: Int

    /// Asks a daemon that has such rules.
    ///
    /// - Throws: ``ChildProcess/Failure`` where alerts do not fire, or Alertmanager has taken them: what was measured then
    ///   is something else.
    init(of daemon: DaemonProcess) throws {
        let alerts = try daemon.alerts().filter { $0["state"] == "firing" }
        self.firingCount = alerts.count
        self.changeCount = alerts.reduce(0) { $0 + ($1["revision"]?.exactInteger ?? 0) }
        self.failedDeliveryCount = try Self.failedDeliveryCount(in: daemon.status())
        guard self.firingCount >= AlertmanagerOutage.ruleCount, self.failedDeliveryCount > 0 else {
            throw ChildProcess.Failure(
                description: "\(self.firingCount) alerts fire and \(self.failedDeliveryCount) deliveries have failed"
            )
        }
    }

    /// The number in the sentence that says that Alertmanager cannot be told.
    static func failedDeliveryCount(in status: JSONObject) -> Int {
        guard case .array(let sentences)? = status["degraded"] else { return 0 }
        for case .string(let sentence) in sentences where sentence.hasPrefix("Alertmanager cannot be told (") {
            return Int(sentence.drop { !$0.isNumber }.prefix { $0.isNumber }) ?? 0
        }
        return 0
    }
}
