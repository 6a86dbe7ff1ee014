import Yams

extension Settings {
    /// Where settings come from, the earlier first: what comes later overrides.
    public enum Layer: Sendable {
        /// The file, over the defaults.
        case file
        /// The `LIVECKA_…` variables.
        case environment
    }

    /// The order in which settings are read.
    public static let loadingOrder: [Layer] = [.file, .environment]

    /// The variables that begin like settings and are read by others: the command line, the clients, the log.
    public static let foreignVariables = ["LIVECKA_CONTROL", "LIVECKA_DISABLE", "LIVECKA_KERNELS", "LIVECKA_LOG_LEVEL"]

    /// Reads the settings that an operator wrote, over the defaults.
    ///
    /// Every key has a default, so an empty text is the defaults. A variable is named `LIVECKA_` and the key's path
    /// in capitals, joined by `_`, such as `LIVECKA_PUBLISH_INTERVAL`; lists of texts are separated by commas, lists
    /// of windows and rules are YAML.
    ///
    /// - Parameters:
    ///   - yaml: The text of the file.
    ///   - file: The file's name, for messages only.
    ///   - environment: The environment; variables without the prefix are not looked at.
    /// - Throws: Everything that is wrong, at once: text that is not YAML, unknown and repeated keys, wrong types,
    ///   impossible values, and values that do not go together.
    public init(
        yaml: String = "",
        file: String = "settings",
        environment: [String: String] = [:]
    ) throws(SettingsError) {
        self.init()
        var reader = SettingsReader(source: .file(file))
        for layer in Self.loadingOrder {
            switch layer {
            case .file: self.read(yaml: yaml, file: file, with: &reader)
            case .environment: self.read(environment: environment, with: &reader)
            }
        }
        self.reportInconsistencies(to: &reader)
        guard reader.problems.isEmpty else { throw SettingsError(reader.problems.inReadingOrder) }
    }

    /// A complete YAML text of all values, which reads back as the same settings.
    ///
    /// What differs by less than a nanosecond is written alike.
    public func encodedYAML() -> String {
        EncodedValue(self, keys: Self.keys).document
    }

    /// The variables that begin as ours do and are none: a sentence for each, to be said and not to be refused.
    public static func strayVariables(in environment: [String: String]) -> [String] {
        let known = EnvironmentVariables.leaves.keys.sorted() + Self.foreignVariables
        let stray = environment.keys.filter { $0.hasPrefix(EnvironmentVariables.prefix) && !known.contains($0) }
        return stray.sorted().map { name in
            let closest = closestSpelling(to: name, among: known).map { "; did you mean \($0)?" }
            return "\(name) has no effect: it is no key\(closest ?? "")"
        }
    }

    /// Reads the text of a file over the values that are there.
    mutating func read(yaml: String, file: String, with reader: inout SettingsReader) {
        let whole = Place(path: "", origin: .file(file))
        do {
            guard let root = try compose(yaml: yaml) else { return }
            reader.read(root, into: &self, keys: Self.keys, at: reader.place(of: root, path: "", otherwise: whole))
        } catch {
            let fault = YAMLFault(error)
            let origin = fault.mark.map { SettingsProblem.Origin.place(file: file, line: $0.line, column: $0.column) }
            reader.report(fault.reason, fault.remedy, at: Place(path: "", origin: origin ?? .file(file)))
        }
    }

    private mutating func read(environment: [String: String], with reader: inout SettingsReader) {
        for (name, text) in environment.sorted(by: { $0.key < $1.key })
        where name.hasPrefix(EnvironmentVariables.prefix) && !Self.foreignVariables.contains(name) {
            reader.source = .variable(name)
            // A variable of somebody else must not keep the daemon from starting: see `strayVariables`.
            guard let leaf = EnvironmentVariables.leaves[name] else { continue }
            let place = Place(path: "", origin: reader.source)
            do throws(Misfit) {
                let document = try EnvironmentVariables.document(text, for: leaf)
                reader.read(document, into: &self, keys: Self.keys, at: place)
            } catch {
                let keyPlace = Place(path: leaf.path, origin: reader.source)
                reader.report(error.reason, error.remedy ?? "unset it", at: keyPlace)
            }
        }
    }
}

extension [SettingsProblem] {
    /// The file's problems from top to bottom, then the environment's by name.
    fileprivate var inReadingOrder: [SettingsProblem] {
        self.sorted { first, second in
            switch (first.origin, second.origin) {
            case (.place(_, let line, let column), .place(_, let otherLine, let otherColumn)):
                (line, column) < (otherLine, otherColumn)
            case (.variable(let name), .variable(let otherName)):
                name < otherName
            case (.file, .place), (.file, .variable), (.place, .variable):
                true
            default:
                false
            }
        }
    }
}
