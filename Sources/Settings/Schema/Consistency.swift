extension Settings {
    /// Reports values that are possible each by itself and impossible together.
    ///
    /// Keys that something is wrong with already are left out, so that one mistake makes one problem.
    func reportInconsistencies(to reader: inout SettingsReader) {
        self.reportOrder(to: &reader)
        self.reportUnknownWindows(to: &reader)
        self.reportSharedEndpoints(to: &reader)
        self.reportHalfSecurity(to: &reader)
    }

    private func reportOrder(to reader: inout SettingsReader) {
        let block = self.alerts.blockStructure
        // Whoever only lowers the memory has said nothing about messages: longer ones are over budget then.
        if reader.origins["limits.message"] != nil {
            let limits = self.limits
            reader.reportUnlessOrdered("limits.message", limits.message, "limits.memory", limits.memory, .size)
        }
        for (lower, low, upper, high) in [
            ("exit", block.exit, "enter", block.enter),
            ("dominance_exit", block.dominanceExit, "dominance_enter", block.dominanceEnter),
        ] {
            let section = "alerts.block_structure"
            reader.reportUnlessOrdered("\(section).\(lower)", low, "\(section).\(upper)", high, .number(0...1))
        }
    }

    private func reportUnknownWindows(to reader: inout SettingsReader) {
        let names = self.windows.map(\.name)
        var watched = [
            ("alerts.block_structure.window", self.alerts.blockStructure.window),
            ("alerts.coverage.window", self.alerts.coverage.window),
        ]
        watched += self.alerts.similarity.enumerated().map { ("alerts.similarity[\($0)].window", $1.window) }
        for (path, name) in watched where !names.contains(name) && !reader.hasProblem(under: ["windows", path]) {
            let remedy = "use \(listed(names, lastWord: "or"))"
            reader.report("there is no window \"\(name)\"", remedy, at: reader.place(of: path, or: "windows"))
        }
    }

    private func reportSharedEndpoints(to reader: inout SettingsReader) {
        var bound = self.ingest.bind.enumerated().map { (path: "ingest.bind[\($0)]", endpoint: $1) }
        let others = [("publish.bind", self.publish.bind), ("control.bind", self.control.bind)]
        for case (let path, let endpoint?) in others where !Endpoint.isAnyFreePort(endpoint) {
            if let earlier = bound.first(where: { $0.endpoint == endpoint }) {
                let reason = "\"\(endpoint)\" is bound by \(earlier.path) already"
                reader.report(reason, "choose another endpoint", at: reader.place(of: path, or: "ingest.bind"))
            }
            bound.append((path, endpoint))
        }
    }

    private func reportHalfSecurity(to reader: inout SettingsReader) {
        let curve = self.security.curve
        let (secretKey, allow) = ("security.curve.secret_key", "security.curve.allow")
        guard !reader.hasProblem(under: [secretKey, allow]) else { return }
        if curve.secretKey == nil, !curve.allow.isEmpty {
            let remedy = "give \(secretKey), the path of the daemon's own key"
            reader.report("connections are in the clear", remedy, at: reader.place(of: allow, or: secretKey))
        }
        if curve.secretKey != nil, curve.allow.isEmpty {
            let remedy = "give \(allow), the public keys of those who may"
            reader.report("nobody could connect", remedy, at: reader.place(of: secretKey, or: allow))
        }
    }
}

extension SettingsReader {
    /// The place of a key, or, where that was not written, of the one that made the difference.
    fileprivate func place(of path: String, or other: String) -> Place {
        Place(path: path, origin: self.origins[path] ?? self.origins[other] ?? self.source)
    }

    /// Reports two values of which the first must not be above the second.
    fileprivate mutating func reportUnlessOrdered<Value: Comparable>(
        _ lower: String,
        _ low: Value,
        _ upper: String,
        _ high: Value,
        _ format: SettingFormat<Value>
    ) {
        guard low > high, !self.hasProblem(under: [lower, upper]) else { return }
        let highText = format.write(high).text
        let remedy = "use \(highText) or less"
        self.report(
            "\(format.write(low).text) is above \(upper) (\(highText))",
            remedy,
            at: self.place(of: lower, or: upper)
        )
    }
}
