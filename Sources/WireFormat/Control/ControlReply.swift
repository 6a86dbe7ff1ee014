/// The first frame of a reply.
public struct ControlReply: Sendable {
    private let object: JSONObject

    /// A request that was granted.
    public static func success(id: JSONValue, result: JSONValue) -> ControlReply {
        ControlReply(object: ["v": 1, "id": id, "ok": true, "result": result])
    }

    /// A request that was not granted.
    public static func failure(id: JSONValue, code: ControlErrorCode, message: String) -> ControlReply {
        let error: JSONValue = ["code": .string(code.rawValue), "message": .string(message)]
        return ControlReply(object: ["v": 1, "id": id, "ok": false, "error": error])
    }

    /// The reply as JSON text.
    public func encoded() -> [UInt8] {
        JSONValue.object(self.object).encoded()
    }
}
