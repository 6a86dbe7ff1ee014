import WireFormat
import ZeroMQ

/// An emitter that speaks the protocol by hand.
final class RawEmitter {
    let endpoint: String
    private let socket: Socket

    /// Connects to a daemon's endpoint, or binds one of its own, and has a listener when it returns.
    init(connectingTo endpoint: String, context: Context) throws {
        self.socket = try Socket(.xpub, in: context)
        self.endpoint = endpoint
        try self.socket.connect(endpoint)
        _ = try self.socket.receiveMessage(timeout: .seconds(10))
    }

    init(bindingIn context: Context) throws {
        self.socket = try Socket(.xpub, in: context)
        self.endpoint = try self.socket.bind("tcp://127.0.0.1:*")
    }

    /// Waits for a subscription, or for the end of one; `nil` after ten seconds.
    func nextSubscription() throws -> [UInt8]? {
        try self.socket.receiveMessage(timeout: .seconds(10))?[0].bytes
    }

    /// Sends a batch of Float64 activations, one row of features for each example.
    func send(run: String, step: Int, layers: [[[Double]]], further: JSONObject = [:]) throws -> Bool {
        let tensors = layers.enumerated().map { index, rows -> JSONValue in
            [
                "layer": .string("layer\(index)"), "dtype": "F64",
                "shape": [.integer(rows.count), .integer(rows[0].count)],
            ]
        }
        var header: JSONObject = [
            "v": 1, "type": "batch", "run": .string(run), "step": .integer(step), "tensors": .array(tensors),
        ]
        for (key, value) in further {
            header[key] = value
        }
        let frames = layers.map { Frame($0.flatMap { $0 }) }
        return try self.socket.send([Frame("livecka/1/\(run)/"), Frame(JSONValue.object(header).encoded())] + frames)
    }
}
