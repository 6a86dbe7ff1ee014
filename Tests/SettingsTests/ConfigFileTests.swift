import Foundation
import Testing

@testable import Settings

/// `Config/livecka.yaml` is what people read instead of the source: it must say the truth.
@Suite("The explained file")
struct ConfigFileTests {
    let path = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Config/livecka.yaml").path

    @Test func itsValuesAreTheDefaults() throws {
        #expect(try Settings(contentsOf: path) == Settings())
    }

    /// A key whose value is left at the default would not be missed by comparing values alone.
    @Test func everyKeyIsSetInIt() throws {
        var reader = SettingsReader(source: .file(path))
        var settings = Settings()
        settings.read(yaml: try String(contentsOfFile: path, encoding: .utf8), file: path, with: &reader)
        for leaf in Settings.keys.flatMap(\.leaves) {
            #expect(reader.origins[leaf.path] != nil, "\(leaf.path) is not explained")
        }
    }

    @Test func everyKeyOfAListElementOccursInIt() throws {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        for leaf in Settings.keys.flatMap(\.leaves) {
            guard case .list(of: .record(let keys)) = leaf.shape else { continue }
            for key in keys {
                #expect(text.contains("\(key): "), "\(leaf.path)[].\(key) is not explained")
            }
        }
    }

    /// Examples stand in comments, indented by five spaces or more behind the number sign.
    @Test func everyExampleIsAccepted() throws {
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        let examples = lines.compactMap { line -> Substring? in
            let comment = line.drop { $0 == " " }
            guard comment.hasPrefix("#     ") else { return nil }
            return comment.dropFirst(6)
        }
        let variables = examples.filter { $0.hasPrefix("LIVECKA_") }.map { example in
            let parts = example.split(separator: "=", maxSplits: 1)
            return (String(parts[0]), parts[1].trimmingCharacters(in: ["'"]))
        }
        #expect(variables.count == 3)
        _ = try Settings(environment: Dictionary(uniqueKeysWithValues: variables))

        let rules = examples.drop { !$0.hasPrefix("similarity:") }.prefix {
            $0.hasPrefix("similarity:") || $0.hasPrefix("  - ")
        }
        let settings = try Settings(yaml: "alerts:\n" + rules.map { "  \($0)\n" }.joined())
        #expect(settings.alerts.similarity.map(\.name) == ["head-copies-stem", "drifted"])

        for (key, section) in [
            ("bind: [", "ingest"), ("connect: ", "ingest"), ("bind: ipc", "control"), ("directory: ", "state"),
            ("groups: ", "alerts.block_structure"), ("url: ", "alerts.alertmanager"),
        ] {
            let example = try #require(examples.first { $0.hasPrefix(key) }, "\(key)")
            let (document, _) = section.split(separator: ".").reduce(("", "")) { result, name in
                ("\(result.0)\(result.1)\(name):\n", result.1 + "  ")
            }
            let indentation = String(repeating: "  ", count: section.split(separator: ".").count)
            #expect(try Settings(yaml: "\(document)\(indentation)\(example)\n") != Settings(), "\(example)")
        }
    }
}
