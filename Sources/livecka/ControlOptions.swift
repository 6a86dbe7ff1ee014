import ArgumentParser
import Control
import Foundation
import Settings
import WireFormat
import ZeroMQ

/// The options that every command takes.
struct ControlOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The control endpoint of the daemon.",
            discussion: "Default: $LIVECKA_CONTROL, else the endpoint of this user's own daemon.",
            valueName: "endpoint"
        )
    )
    var control: String?

    @Flag(name: .long, help: "Print the result as JSON.")
    var json = false

    /// The control endpoint to use.
    var endpoint: String {
        let environment = ProcessInfo.processInfo.environment
        return self.control ?? environment["LIVECKA_CONTROL"] ?? RuntimePaths.current.controlEndpoint
    }

    /// Asks the daemon for something.
    ///
    /// Ends the program with 69 where no daemon can be reached, and with 1 where it refuses.
    func request(_ command: String, _ arguments: JSONObject = [:]) throws -> (result: JSONValue, frames: [Frame]) {
        let client = try self.client(in: Context())
        do {
            return try client.request(command, arguments)
        } catch {
            throw Self.failure(error)
        }
    }

    /// Connects to the daemon, for a command that asks it again and again.
    ///
    /// Ends the program with 69 where no daemon can be reached.
    func client(in context: Context) throws -> ControlClient {
        do {
            return try ControlClient(endpoint: self.endpoint, context: context)
        } catch {
            throw Self.failure(error)
        }
    }

    private static func failure(_ error: ControlClientError) -> ExitCode {
        livecka.failure(error.description, error.isUnreachable ? EX_UNAVAILABLE : EXIT_FAILURE)
    }
}

/// Prints a sentence about a failure, and makes the error that ends the program with a code.
func failure(_ message: String, _ code: Int32 = EXIT_FAILURE) -> ExitCode {
    FileHandle.standardError.write(Data("livecka: \(message)\n".utf8))
    return ExitCode(code)
}

extension RuntimePaths {
    /// The paths of this process's user.
    static var current: RuntimePaths {
        RuntimePaths(
            environment: ProcessInfo.processInfo.environment,
            userID: getuid(),
            temporaryDirectory: FileManager.default.temporaryDirectory.path
        )
    }
}
