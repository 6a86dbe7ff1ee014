public import WireFormat
public import ZeroMQ

/// One end of a conversation with a daemon.
///
/// Belongs to one thread, like the socket that it holds.
public final class ControlClient {
    /// The daemon's endpoint.
    public let endpoint: String

    private let socket: Socket
    private var requestCount = 0

    /// Connects to a daemon.
    ///
    /// - Parameters:
    ///   - endpoint: `ipc:///…`
    ///   - context: The ZeroMQ context.
    /// - Throws: ``ControlClientError`` where no daemon answers there.
    public init(endpoint: String, context: Context) throws(ControlClientError) {
        guard isListening(endpoint) else {
            throw .unreachable(endpoint: endpoint)
        }
        var options = SocketOptions()
        options.receiveHighWaterMark = 16
        do {
            self.socket = try Socket(.dealer, in: context, options: options)
            try self.socket.connect(endpoint)
        } catch {
            throw .unreachable(endpoint: endpoint)
        }
        self.endpoint = endpoint
    }

    /// Sends a request and waits for its answer.
    ///
    /// - Parameters:
    ///   - command: Such as `runs`.
    ///   - arguments: The further keys of the request.
    ///   - timeout: How long to wait.
    /// - Returns: The result, and the frames that came with it.
    /// - Throws: ``ControlClientError`` where the daemon refuses, or does not answer.
    public func request(
        _ command: String,
        _ arguments: JSONObject = [:],
        timeout: Duration = .seconds(15)
    ) throws(ControlClientError) -> (result: JSONValue, frames: [Frame]) {
        self.requestCount += 1
        let id = "\(self.requestCount)"
        var request: JSONObject = ["v": 1, "id": .string(id), "command": .string(command)]
        for (key, value) in arguments {
            request[key] = value
        }
        let deadline = ContinuousClock.now + timeout
        do {
            guard try self.socket.send([Frame(JSONValue.object(request).encoded())]) else {
                throw ControlClientError.unreachable(endpoint: self.endpoint)
            }
            while let frames = try self.socket.receiveMessage(timeout: ContinuousClock.now.duration(to: deadline)) {
                // The answer to a request that timed out may still come.
                if let answer = try self.read(frames, id: id) {
                    return answer
                }
            }
        } catch let error as ControlClientError {
            throw error
        } catch {
            throw .unreachable(endpoint: self.endpoint)
        }
        throw .silent(endpoint: self.endpoint)
    }

    private func read(
        _ frames: [Frame],
        id: String
    ) throws(ControlClientError) -> (result: JSONValue, frames: [Frame])? {
        guard let reply = try? frames[0].withBytes({ bytes throws(JSONError) in try JSONValue(parsing: bytes) }),
            case .object(let object) = reply
        else {
            throw .unreadable(endpoint: self.endpoint)
        }
        guard object["id"] == .string(id) else { return nil }
        if object["ok"] == .bool(true), let result = object["result"] {
            return (result, Array(frames.dropFirst()))
        }
        guard case .object(let error)? = object["error"], case .string(let message)? = error["message"],
            case .string(let code)? = error["code"]
        else {
            throw .unreadable(endpoint: self.endpoint)
        }
        throw .refused(code: code, message: message)
    }
}
