/// Bytes that are not a safetensors file.
public enum SafetensorsError: Error, Hashable, Sendable {
    /// The file ends within its header, or the header's length is beyond the format's limit.
    case headerLength

    /// The header is not a JSON object of the kind that the format asks for.
    case header(reason: String)

    /// A tensor's description is wrong.
    case tensor(name: String, reason: String)

    /// The tensors do not cover the data exactly once.
    case coverage
}

extension SafetensorsError: CustomStringConvertible {
    /// A clause that says what is wrong.
    public var description: String {
        switch self {
        case .headerLength: "the safetensors header's length does not fit the file"
        case .header(let reason): "the safetensors header is wrong: \(reason)"
        case .tensor(let name, let reason): "the tensor '\(name)' is wrong: \(reason)"
        case .coverage: "the tensors do not cover the data exactly once"
        }
    }
}
