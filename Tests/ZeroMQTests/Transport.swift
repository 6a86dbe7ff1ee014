import Foundation
import ZeroMQ

/// The ways in which messages travel.
enum Transport: CaseIterable, Sendable {
    case inproc, ipc, tcp

    /// An endpoint that no other test uses, to be bound.
    ///
    /// What `ipc` needs is a directory, which the body's end removes.
    func withEndpoint<Result>(_ body: (String) throws -> Result) throws -> Result {
        switch self {
        case .inproc:
            return try body("inproc://test")
        case .tcp:
            return try body("tcp://127.0.0.1:*")
        case .ipc:
            let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
            defer { try? FileManager.default.removeItem(at: directory) }
            return try body("ipc://\(directory.path)/test.sock")
        }
    }
}

/// How long a test waits for what must happen; only a failing test waits that long.
let patience = Duration.seconds(20)

/// What went wrong in a wait.
struct NothingCame: Error {}

extension Socket {
    /// The next message, as bytes.
    func receiveBytes() throws -> [[UInt8]] {
        guard let message = try self.receiveMessage(timeout: patience) else { throw NothingCame() }
        return message.map(\.bytes)
    }

    /// The next message, as texts.
    func receiveTexts() throws -> [String?] {
        try self.receiveBytes().map { String(validating: $0, as: UTF8.self) }
    }
}

extension SocketMonitor {
    /// Reads events until there is one that `isAwaited`.
    func event(where isAwaited: (Event) -> Bool) throws -> Event {
        let poller = Poller()
        poller.add(self.socket)
        while true {
            while let event = try self.nextEvent() {
                if isAwaited(event) { return event }
            }
            guard try !poller.wait(timeout: patience).isEmpty else { throw NothingCame() }
        }
    }
}
