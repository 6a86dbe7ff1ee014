/// A header, read as far as JSON goes.
struct ParsedHeader {
    /// The list of tensors.
    enum Tensors {
        /// One that has come before; among the fields it is `null`.
        case known(TensorList)

        /// The text of one that may be new, empty where there is none.
        case text([UInt8])
    }

    /// The members.
    let fields: HeaderFields

    /// The list of tensors.
    let tensors: Tensors

    /// Reads a text.
    ///
    /// - Parameters:
    ///   - bytes: The text.
    ///   - recent: The lists of tensors that are known.
    /// - Throws: A rejection as malformed, where the text is no JSON object.
    /// - Complexity: O(*m*) for *m* bytes.
    init(_ bytes: RawSpan, recent: inout RecentTensorLists) throws(Rejection) {
        var parser = JSONParser(copying: bytes)
        var tensors = Tensors.text([])
        let value: JSONValue
        do {
            value = try parser.parseDocument { parser, key throws(JSONError) in
                guard key == "tensors" else { return try parser.parseMember() }
                if let known = recent.take(from: &parser) {
                    tensors = .known(known)
                    return .null
                }
                let start = parser.position
                let list = try parser.parseMember()
                tensors = .text(parser.text(from: start))
                return list
            }
        } catch {
            throw .malformed("the header is not JSON: \(error)")
        }
        guard case .object(let object) = value else {
            throw .malformed("the header is no JSON object")
        }
        self.fields = HeaderFields(object)
        self.tensors = tensors
    }
}
