extension SettingFormat where Value == String {
    /// A ZeroMQ endpoint.
    static func endpoint(for use: Endpoint.Use) -> SettingFormat {
        .text(use == .control ? "ipc:///PATH" : "tcp://HOST:PORT or ipc:///PATH") { text throws(Misfit) in
            try Endpoint.check(text, for: use)
        }
    }
}

/// The grammar of ZeroMQ endpoints, as far as the daemon takes them: `tcp://HOST:PORT`, `ipc:///PATH`, `ipc://@NAME`.
enum Endpoint {
    /// What a socket does with an endpoint.
    enum Use: Sendable {
        case binding, connecting
        /// Binding for requests that can change the daemon: file permissions must keep others out.
        case control
    }

    /// The bytes that the kernel has room for in a socket's path, its closing zero left out.
    static let longestPath = 107

    /// Whether two endpoints with this text are two different ports all the same.
    static func isAnyFreePort(_ endpoint: String) -> Bool {
        endpoint.hasPrefix("tcp://") && (endpoint.hasSuffix(":*") || endpoint.hasSuffix(":0"))
    }

    /// Whether a text is an IPv4 address, an IPv6 address with or without brackets, or a host name.
    static func isHost(_ text: some StringProtocol) -> Bool {
        if text.hasPrefix("["), text.hasSuffix("]") {
            return self.isIPv6(text.dropFirst().dropLast())
        }
        let isName = text.utf8.allSatisfy { isLetterOrDigit($0) || "._-".utf8.contains($0) }
        return !text.isEmpty && (isName || self.isIPv6(text))
    }

    /// Throws what is wrong with an endpoint.
    static func check(_ text: String, for use: Use) throws(Misfit) {
        let parts = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw Misfit(reason: "\"\(text)\" names no transport") }
        switch parts[0] {
        case "tcp" where use == .control:
            throw Misfit(reason: "control over tcp is refused until it can be authenticated", remedy: "use ipc:///PATH")
        case "tcp":
            try self.checkTCP(parts[1], for: use)
        case "ipc":
            try self.checkIPC(parts[1], for: use)
        case "inproc":
            throw Misfit(reason: "inproc stays within one process", remedy: self.transports(for: use))
        default:
            throw Misfit(reason: "the transport \"\(parts[0])\" is not supported", remedy: self.transports(for: use))
        }
    }

    private static func checkTCP(_ address: Substring, for use: Use) throws(Misfit) {
        guard let colon = address.lastIndex(of: ":"), !address.hasSuffix("]") else {
            throw Misfit(reason: "\"tcp://\(address)\" has no port")
        }
        let host = address[..<colon]
        let port = address[address.index(after: colon)...]
        if use == .connecting, host == "*" {
            throw Misfit(reason: "\"*\" is no host to connect to", remedy: "name the emitter's host")
        }
        let isBracketedOrName = !host.contains(":") || host.hasPrefix("[")
        guard host == "*" || (isBracketedOrName && self.isHost(host)) else {
            throw Misfit(reason: "\"\(host)\" is not a host")
        }
        let lowest = use == .connecting ? 1 : 0
        if use == .binding, port == "*" { return }
        guard port.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let number = Int(port),
            (lowest...65535).contains(number)
        else {
            let remedy = use == .connecting ? "use 1 to 65535" : "use 1 to 65535, or * for any free one"
            throw Misfit(reason: "\"\(port)\" is not a port", remedy: remedy)
        }
    }

    private static func checkIPC(_ path: Substring, for use: Use) throws(Misfit) {
        guard !path.isEmpty, path != "@" else { throw Misfit(reason: "\"ipc://\(path)\" has no path") }
        guard path.utf8.count <= self.longestPath else {
            throw Misfit(
                reason: "the path has \(path.utf8.count) bytes, and a socket's has room for \(self.longestPath)",
                remedy: "choose a shorter one"
            )
        }
        if path.hasPrefix("@") {
            guard use != .control else {
                throw Misfit(
                    reason: "an abstract socket has no permissions that keep others out",
                    remedy: "use ipc:///PATH"
                )
            }
        } else if !path.hasPrefix("/") {
            throw Misfit(reason: "\"\(path)\" is not an absolute path")
        }
    }

    private static func isIPv6(_ text: some StringProtocol) -> Bool {
        text.contains(":") && text.utf8.allSatisfy { isLetterOrDigit($0) || ":.%".utf8.contains($0) }
    }

    private static func transports(for use: Use) -> String {
        use == .control ? "use ipc:///PATH" : "use tcp://HOST:PORT or ipc:///PATH"
    }
}
