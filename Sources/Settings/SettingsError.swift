/// Everything that is wrong with the settings that an operator wrote.
public struct SettingsError: Error, Hashable, Sendable {
    /// The problems, never none: the file's from top to bottom, then the environment's by name.
    public let problems: [SettingsProblem]

    init(_ problems: [SettingsProblem]) {
        precondition(!problems.isEmpty, "An error has at least one problem")
        self.problems = problems
    }
}

extension SettingsError: CustomStringConvertible {
    /// One line for each problem.
    public var description: String {
        self.problems.map(\.description).joined(separator: "\n")
    }
}

/// One thing that is wrong: where it stands, what it is, and what would be right.
public struct SettingsProblem: Hashable, Sendable {
    /// Where a setting was written.
    public enum Origin: Hashable, Sendable {
        /// A file as a whole.
        case file(String)
        /// A place in a file; lines and columns count from one, columns in Unicode scalars.
        case place(file: String, line: Int, column: Int)
        /// An environment variable.
        case variable(String)
    }

    /// Where it stands.
    public let origin: Origin

    /// The path of the key, such as `windows[1].batches`; empty where the problem belongs to no known key.
    public let key: String

    /// What is wrong.
    public let reason: String

    /// What would be right.
    public let remedy: String
}

extension SettingsProblem: CustomStringConvertible {
    /// A line such as `livecka.yaml:12: windows[1].batches: 60 is not a multiple of 8; use 56 or 64`.
    public var description: String {
        (self.key.isEmpty ? "\(self.origin)" : "\(self.origin): \(self.key)") + ": \(self.reason); \(self.remedy)"
    }
}

extension SettingsProblem.Origin: CustomStringConvertible {
    /// The file with its line, or the variable's name.
    public var description: String {
        switch self {
        case .file(let file): file
        case .place(let file, let line, _): "\(file):\(line)"
        case .variable(let name): name
        }
    }
}
