import Control
import Foundation
import Synchronization
import Testing
import Threads
import WireFormat
import ZeroMQ

/// How long a test waits for what must happen; only a failing test waits that long.
let patience = Duration.seconds(20)

/// A directory of a test's own, which goes with it.
func withDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
    let directory = FileManager.default.temporaryDirectory.appending(path: "ck-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: directory) }
    return try body(directory.path)
}

/// The permissions of a file.
func permissions(of path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
}

/// Answers with the request's own run, and a frame; without a run it refuses.
@Sendable func echo(_ request: ControlRequest) -> ControlAnswer {
    guard let run = request.run else {
        return ControlAnswer(.failure(id: request.id, code: .unknownRun, message: "no run"))
    }
    return ControlAnswer(.success(id: request.id, result: .string(run.name)), frames: ["frame"])
}

/// A server that echoes, and where it listens.
final class EchoServer {
    let context: Context
    let server: ControlServer

    init(directory: String) throws {
        self.context = try Context()
        self.server = try ControlServer(
            endpoint: "ipc://\(directory)/control.sock",
            context: self.context,
            answer: echo
        )
    }

    deinit {
        self.server.stop()
    }

    func client() throws -> ControlClient {
        try ControlClient(endpoint: self.server.endpoint, context: self.context)
    }

    /// A plain socket that is connected to the server.
    func socket(_ type: SocketType) throws -> Socket {
        let socket = try Socket(type, in: self.context)
        try socket.connect(self.server.endpoint)
        return socket
    }
}
