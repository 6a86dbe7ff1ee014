import ArgumentParser
import Foundation
import Settings

/// Says what is wrong with a configuration file.
struct CheckConfig: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what is wrong with a configuration file, with line and key."
    )

    @Argument(help: "The file.")
    var file: String

    @Flag(name: .long, help: "Print all settings with their values, defaults included.")
    var print = false

    @OptionGroup var options: ControlOptions

    func run() throws {
        let settings = try Settings.load(file: self.file)
        if self.print {
            Swift.print(settings.encodedYAML(), terminator: "")
        } else if self.options.json {
            Swift.print(#"{"ok":true}"#)
        } else {
            Swift.print("\(self.file) is right")
            if !settings.withoutEffect.isEmpty {
                Swift.print("without effect in this version: \(settings.withoutEffect.joined(separator: ", "))")
            }
        }
    }
}

extension Settings {
    /// Reads a file and the environment, or the environment alone.
    ///
    /// Ends the program with a code, and a line for each thing that is wrong.
    static func load(file: String?, failingWith code: Int32 = EXIT_FAILURE) throws -> Settings {
        let environment = ProcessInfo.processInfo.environment
        do {
            guard let file else {
                return try Settings(environment: environment)
            }
            return try Settings(contentsOf: file, environment: environment)
        } catch {
            throw failure("\(error)", code)
        }
    }
}
