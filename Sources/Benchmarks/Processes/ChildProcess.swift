public import Foundation

/// A process that this one has started, and that answers lines with lines.
///
/// It is ended together with this object.
public final class ChildProcess {
    /// What went wrong with a child.
    public struct Failure: Error, CustomStringConvertible {
        /// A sentence that says it.
        public let description: String
    }

    /// What the process has used.
    public let meter: ProcessMeter

    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var buffer = Data()

    /// Starts a process.
    ///
    /// - Parameters:
    ///   - executable: Its file.
    ///   - arguments: Its arguments.
    ///   - environment: What it finds in its environment, beside what this process has there.
    /// - Throws: An error where the file cannot be run.
    public init(_ executable: URL, _ arguments: [String], environment: [String: String] = [:]) throws {
        self.process.executableURL = executable
        self.process.arguments = arguments
        self.process.standardInput = self.input
        self.process.standardOutput = self.output
        // A setting of the environment would override those of the benchmark. The kernels are those of the floor too.
        self.process.environment = ProcessInfo.processInfo.environment
            .filter { !$0.key.hasPrefix("LIVECKA_") || $0.key == "LIVECKA_KERNELS" }
            .merging(["LIVECKA_LOG_LEVEL": "error"]) { $1 }
            .merging(environment) { $1 }
        try self.process.run()
        self.meter = ProcessMeter(id: self.process.processIdentifier)
    }

    deinit {
        self.stop()
    }

    /// Whether the process runs.
    public var isRunning: Bool { self.process.isRunning }

    /// Sends a line and waits for the line that answers it.
    ///
    /// - Throws: ``Failure`` where the process has ended.
    public func ask(_ line: String) throws -> String {
        try self.tell(line)
        return try self.nextLine()
    }

    /// Sends a line.
    ///
    /// - Throws: An error where the process has ended.
    public func tell(_ line: String) throws {
        try self.input.fileHandleForWriting.write(contentsOf: Data("\(line)\n".utf8))
    }

    /// Waits for the next line that the process prints.
    ///
    /// - Returns: The line, without its end.
    /// - Throws: ``Failure`` where the process has ended.
    public func nextLine() throws -> String {
        while true {
            if let end = self.buffer.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: self.buffer[..<end], as: UTF8.self)
                self.buffer = Data(self.buffer[(end + 1)...])
                return line
            }
            let data = self.output.fileHandleForReading.availableData
            guard !data.isEmpty else {
                let name = self.process.executableURL?.lastPathComponent ?? ""
                throw Failure(description: "\(name) has ended before it answered")
            }
            self.buffer += data
        }
    }

    /// Tells the process to end, and waits for it.
    public func stop() {
        guard self.process.isRunning else { return }
        self.process.terminate()
        self.process.waitUntilExit()
    }
}
