/// A request that cannot be understood.
public struct ControlRequestError: Error, Hashable, Sendable {
    /// The request's identifier, `null` where it could not be read.
    public let id: JSONValue

    /// The kind of fault.
    public let code: ControlErrorCode

    /// A sentence that says what would be right.
    public let message: String
}

/// A request to the daemon.
public struct ControlRequest: Sendable {
    /// What the reply repeats.
    public let id: JSONValue

    /// What is asked for.
    public let command: ControlCommand

    /// The run that it is about.
    public let run: RunID?

    /// The name of the window that it is about.
    public let window: String?

    /// The step that it is about.
    public let step: Int?

    /// The endpoint that it is about.
    public let endpoint: String?

    /// All members, for arguments that only one command has.
    public let object: JSONObject

    /// Reads a request.
    public init(decoding bytes: RawSpan) throws(ControlRequestError) {
        guard case .object(let object)? = try? JSONValue(parsing: bytes) else {
            throw ControlRequestError(id: .null, code: .badRequest, message: "the request is not a JSON object")
        }
        let id = object["id"] ?? .null
        let fields = HeaderFields(object)
        guard case .string(let name)? = fields["command"] else {
            throw ControlRequestError(id: id, code: .badRequest, message: "command is missing")
        }
        guard let command = ControlCommand(rawValue: name) else {
            let known = ControlCommand.allCases.map(\.rawValue).joined(separator: ", ")
            throw ControlRequestError(id: id, code: .unknownCommand, message: "no such command; there are \(known)")
        }
        do throws(Rejection) {
            let version = try fields.requiredInteger("v")
            guard version == 1 else {
                throw .malformed("version \(version) is not spoken here, only 1")
            }
            self.id = id
            self.object = object
            self.command = command
            self.run = try fields.string("run").map { name throws(Rejection) in
                guard let run = RunID(name) else {
                    throw .malformed("run cannot be a run's name: use letters, digits, '.', '_' and '-'")
                }
                return run
            }
            self.window = try fields.string("window")
            self.step = try fields.integer("step")
            self.endpoint = try fields.string("endpoint")
        } catch {
            throw ControlRequestError(id: id, code: .badRequest, message: error.detail)
        }
    }
}
