import WireFormat

/// Parses a text.
func parse(_ text: String, maximumDepth: Int = 64) throws(JSONError) -> JSONValue {
    try parse(Array(text.utf8), maximumDepth: maximumDepth)
}

/// Parses bytes.
func parse(_ bytes: [UInt8], maximumDepth: Int = 64) throws(JSONError) -> JSONValue {
    // SAFETY: a byte has no padding.
    try unsafe JSONValue(parsing: bytes.span.bytes, maximumDepth: maximumDepth)
}

/// The reason for which bytes are no JSON, or `nil` where they are.
func fault(_ bytes: [UInt8]) -> JSONError.Reason? {
    do {
        _ = try parse(bytes)
        return nil
    } catch {
        return error.reason
    }
}

/// The reason for which a text is no JSON, or `nil` where it is.
func fault(_ text: String) -> JSONError.Reason? {
    fault(Array(text.utf8))
}

/// Reads a control request.
func readRequest(_ bytes: [UInt8]) throws(ControlRequestError) -> ControlRequest {
    // SAFETY: a byte has no padding.
    try unsafe ControlRequest(decoding: bytes.span.bytes)
}
