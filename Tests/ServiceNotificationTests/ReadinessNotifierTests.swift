import Foundation
import ServiceNotification
import Testing

@Suite("Readiness")
struct ReadinessNotifierTests {
    @Test func everyNotificationReachesASocketAtAPath() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("notify-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: directory) }
        let name = directory.appendingPathComponent("s").path
        let manager = try ManagerSocket(boundTo: name)
        let notifier = try ReadinessNotifier(environment: ["NOTIFY_SOCKET": name])
        #expect(notifier.isActive)

        try notifier.notify(.ready, .status("Listening\nat two endpoints"))
        #expect(manager.receive() == "READY=1\nSTATUS=Listening at two endpoints")
        try notifier.notify(.reloading(monotonicMicroseconds: 1_234_567))
        #expect(manager.receive() == "RELOADING=1\nMONOTONIC_USEC=1234567")
        try notifier.notify(.stopping)
        #expect(manager.receive() == "STOPPING=1")
    }

    @Test func anAbstractSocketIsReached() throws {
        let name = "@livecka-test-\(UUID().uuidString)"
        let manager = try ManagerSocket(boundTo: name)
        try ReadinessNotifier(environment: ["NOTIFY_SOCKET": name]).notify(.ready)
        #expect(manager.receive() == "READY=1")
    }

    /// Uptime leaves out the time in suspension on some systems, and CLOCK_MONOTONIC does so on Linux too.
    @Test func aReloadCarriesTheMonotonicClock() throws {
        let name = "@livecka-test-\(UUID().uuidString)"
        let manager = try ManagerSocket(boundTo: name)
        let before = UInt64(ProcessInfo.processInfo.systemUptime * 1e6)
        try ReadinessNotifier(environment: ["NOTIFY_SOCKET": name]).notifyReloading()
        let after = UInt64(ProcessInfo.processInfo.systemUptime * 1e6) + 1

        let lines = manager.receive().split(separator: "\n")
        #expect(lines.first == "RELOADING=1")
        let stamp = try #require(lines.last?.split(separator: "=").last.flatMap { UInt64($0) })
        #expect((before...after).contains(stamp))
    }

    @Test(arguments: [[:], ["NOTIFY_SOCKET": ""]])
    func withoutAManagerNothingHappens(environment: [String: String]) throws {
        let notifier = try ReadinessNotifier(environment: environment)
        #expect(!notifier.isActive)
        try notifier.notify(.ready)
        try notifier.notifyReloading()
    }

    @Test(arguments: ["run/notify", "@", "/", "vsock:2:1234", "/" + String(repeating: "x", count: 107)])
    func aNameThatIsNoSocketIsRefused(name: String) {
        let error = #expect(throws: ServiceNotificationError.self) {
            try ReadinessNotifier(environment: ["NOTIFY_SOCKET": name])
        }
        #expect(
            error?.description
                == "NOTIFY_SOCKET names no socket: \"\(name)\" is not an absolute path or @name of at most 107 bytes"
        )
    }

    @Test func aManagerThatIsGoneIsAnError() throws {
        let notifier = try ReadinessNotifier(environment: ["NOTIFY_SOCKET": "@livecka-test-\(UUID().uuidString)"])
        let error = #expect(throws: ServiceNotificationError.self) { try notifier.notify(.ready) }
        #expect(error?.description == "The service manager could not be told: Connection refused")
    }

    @Test func aManagerThatDoesNotReadIsNotWaitedFor() throws {
        let name = "@livecka-test-\(UUID().uuidString)"
        let manager = try ManagerSocket(boundTo: name)
        let notifier = try ReadinessNotifier(environment: ["NOTIFY_SOCKET": name])
        let error = #expect(throws: ServiceNotificationError.self) {
            for _ in 0..<100_000 { try notifier.notify(.ready) }
        }
        #expect(error == .system(code: EAGAIN))
        #expect(manager.receive() == "READY=1")
    }
}
