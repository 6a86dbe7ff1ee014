import Yams

/// Why a text is not YAML, in words for the operator.
struct YAMLFault {
    let reason: String
    let remedy: String
    /// Where libyaml stopped, or `nil` where it does not say.
    let mark: (line: Int, column: Int)?

    init(_ error: any Error) {
        var remedy = "look for a bracket, quote or indentation here or just before"
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _):
            self.reason = "this is not YAML: \(problem)"
            self.mark = (mark.line, mark.column)
        case .composer(_, let problem, let mark, _):
            self.reason = "this is not YAML that can be used: \(problem)"
            self.mark = (mark.line, mark.column)
            remedy = "write one document, and anchors before their aliases"
        case .reader(let problem, let offset, _, let yaml):
            self.reason = "this is not text: \(problem)"
            self.mark = offset.map { offset in
                let lines = yaml.prefix(offset).split(separator: "\n", omittingEmptySubsequences: false)
                return (lines.count, (lines.last?.count ?? 0) + 1)
            }
            remedy = "save the file as UTF-8 without control characters"
        case .duplicatedKeysInMapping(let keys, let context):
            self.reason = "\(listed(keys)) \(keys.count == 1 ? "is" : "are") given more than once"
            self.mark = (context.mark.line, context.mark.column)
            remedy = "keep one"
        default:
            self.reason = "this is not YAML: \(error)"
            self.mark = nil
        }
        self.remedy = remedy
    }
}
