import Glibc

extension Settings {
    /// Reads the settings that an operator wrote into a file.
    ///
    /// - Parameters:
    ///   - path: The path of the file.
    ///   - environment: The environment, as in ``init(yaml:file:environment:)``.
    /// - Throws: That the file cannot be read, or everything that is wrong with what it says.
    public init(contentsOf path: String, environment: [String: String] = [:]) throws(SettingsError) {
        let text: String
        do throws(Misfit) {
            text = try Self.text(at: path)
        } catch {
            let remedy = error.remedy ?? "give the path of a settings file that this user may read"
            throw SettingsError([SettingsProblem(origin: .file(path), key: "", reason: error.reason, remedy: remedy)])
        }
        try self.init(yaml: text, file: path, environment: environment)
    }

    /// The most that a settings file may hold: whatever is larger is some other file.
    private static let largestFile = 1 << 20

    private static func text(at path: String) throws(Misfit) -> String {
        // SAFETY: the path lives through the call as a terminated string.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .lastError() }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count <= Self.largestFile {
            // SAFETY: `read` writes no more than the buffer's count, and the buffer lives through the call.
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .lastError() }
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        guard bytes.count <= Self.largestFile else { throw Misfit(reason: "the file is larger than 1MiB") }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Misfit(reason: "the file is not UTF-8", remedy: "save it as UTF-8")
        }
        return text
    }
}

extension Misfit {
    /// That the last call to the system failed, and why.
    fileprivate static func lastError() -> Misfit {
        // SAFETY: `strerror` returns a terminated string, which is copied before any other call.
        Misfit(reason: "cannot be read: \(unsafe String(cString: strerror(errno)))")
    }
}
