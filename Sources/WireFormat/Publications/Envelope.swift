/// What stands at the start of every published header.
public struct Envelope: Hashable, Sendable {
    /// A number that is new at each start of the daemon.
    public var epoch: Int

    /// The number of the message among those of its topic, from 0.
    public var seq: Int

    /// When the message was made, in Unix seconds.
    public var time: Double

    /// Creates an envelope.
    public init(epoch: Int, seq: Int, time: Double) {
        self.epoch = epoch
        self.seq = seq
        self.time = time
    }

    /// A header that begins with this envelope and goes on with a body.
    public func header(_ body: JSONObject) -> JSONObject {
        var header: JSONObject = [
            "v": 1, "epoch": .integer(self.epoch), "seq": .integer(self.seq), "time": .number(self.time),
        ]
        for (key, value) in body {
            header[key] = value
        }
        return header
    }
}
