import Glibc

/// Tells systemd, or any manager that speaks its protocol, how a service is doing.
///
/// The manager names a datagram socket in `$NOTIFY_SOCKET`; where it names none, nobody waits for news and everything
/// here does nothing. Nothing here blocks: a manager that does not read must not hold up a daemon.
///
/// Follows [sd_notify(3)](https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html).
public struct ReadinessNotifier: Hashable, Sendable {
    private let address: NotificationAddress?

    /// Whether somebody waits for news.
    public var isActive: Bool { self.address != nil }

    /// Creates a notifier for the socket that the environment names.
    ///
    /// - Parameter environment: The environment of the process.
    /// - Throws: A socket that is named and cannot be: not a path, `@name`, or too long.
    public init(environment: [String: String]) throws(ServiceNotificationError) {
        guard let name = environment["NOTIFY_SOCKET"], !name.isEmpty else {
            self.address = nil
            return
        }
        self.address = try NotificationAddress(name)
    }

    /// Sends notifications together, in one datagram.
    ///
    /// - Throws: The system's reason where the manager could not be told: it is gone, or does not read.
    public func notify(_ notifications: ServiceNotification...) throws(ServiceNotificationError) {
        guard let address else { return }
        try address.send(Array(notifications.map(\.text).joined(separator: "\n").utf8))
    }

    /// Sends that a reload begins now; ``ServiceNotification/ready`` ends it.
    public func notifyReloading() throws(ServiceNotificationError) {
        var now = timespec()
        // SAFETY: `now` lives through the call, which fails for unknown clocks only.
        unsafe clock_gettime(CLOCK_MONOTONIC, &now)
        let microseconds = UInt64(now.tv_sec) * 1_000_000 + UInt64(now.tv_nsec) / 1_000
        try self.notify(.reloading(monotonicMicroseconds: microseconds))
    }
}
