internal import Foundation
internal import ZeroMQ

/// A ZeroMQ receiver that lets go of every message at once: what receiving alone costs.
///
/// The program of a process of its own. It prints the endpoint, and for each line `N` of its input receives as many
/// messages and prints the number.
public struct BareReceiver {
    private let socket: Socket

    /// Binds a socket.
    ///
    /// - Throws: ``ZeroMQError`` where the endpoint cannot be bound.
    public init(endpoint: String) throws {
        var options = SocketOptions()
        options.receiveHighWaterMark = 2
        self.socket = try Socket(.sub, in: Context(), options: options)
        announce(try self.socket.bind(endpoint))
        try self.socket.subscribe("")
    }

    /// Answers lines until there are no more.
    ///
    /// - Throws: ``ZeroMQError`` where a message cannot be received.
    public func run() throws {
        while let line = readLine() {
            let count = Int(line) ?? 0
            for _ in 0..<count {
                _ = try self.socket.receiveMessage(timeout: nil)
            }
            announce("\(count)")
        }
    }
}

/// Prints a line that another process waits for.
func announce(_ line: String) {
    FileHandle.standardOutput.write(Data("\(line)\n".utf8))
}
