import Foundation
import InMemoryLogging
import Logging
import Testing
import WireFormat

@testable import DaemonRuntime

@Suite("File of alerts")
struct AlertFileTests {
    private let directory = FileManager.default.temporaryDirectory.appending(path: "livecka-\(UUID().uuidString)").path
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func file(in directory: String? = nil, logger: Logger? = nil) throws -> AlertFile {
        let directory = directory ?? self.directory
        return try AlertFile(directory: directory, pause: .milliseconds(10), logger: logger ?? self.logger)
    }

    @Test func whatWasWrittenLastIsReadAgain() throws {
        defer { try? FileManager.default.removeItem(atPath: self.directory) }
        let file = try self.file(in: self.directory + "/deep/down")
        #expect(file.read() == nil)
        for number in 0..<100 {
            file.write(["number": .integer(number)])
        }
        file.stop()
        #expect(file.read() == ["number": 99])
        #expect(file.failure == nil)
    }

    @Test func aSecondDaemonGoesWithout() throws {
        defer { try? FileManager.default.removeItem(atPath: self.directory) }
        let first = try self.file()
        first.write(["first": true])
        let second = try self.file()
        #expect(second.failure?.reason.contains("another daemon") == true)
        second.write(["second": true])
        second.stop()
        first.stop()
        #expect(first.read() == ["first": true] && second.read() == nil)
    }

    @Test func aDirectoryThatCannotBeIsAFailureAndNoError() throws {
        let file = try self.file(in: "/dev/null/state")
        #expect(file.failure?.count == 1)
        file.write(["number": 1])
        file.stop()
        #expect(file.read() == nil)
    }

    @Test func whatCannotBeWrittenIsSaidOnceAndTriedAgain() throws {
        defer { try? FileManager.default.removeItem(atPath: self.directory) }
        let log = InMemoryLogHandler()
        let file = try self.file(logger: Logger(label: "test") { _ in log })
        let path = "\(self.directory)/alerts.json"
        // A directory in its place cannot be replaced by a file.
        try FileManager.default.createDirectory(atPath: path + "/full", withIntermediateDirectories: true)
        file.write(["number": 1])
        let deadline = ContinuousClock.now + .seconds(10)
        while file.failure?.count ?? 0 < 2, ContinuousClock.now < deadline {}
        #expect(file.failure?.count ?? 0 >= 2)
        #expect(file.failure?.reason.hasSuffix("or choose another state.directory") == true)
        try FileManager.default.removeItem(atPath: path)
        while file.failure != nil, ContinuousClock.now < deadline {}
        file.stop()
        #expect(file.failure == nil && file.read() == ["number": 1])
        #expect(
            log.entries.map(\.message) == [
                "Alerts cannot be saved; it will be tried again", "Alerts are saved again",
            ]
        )
    }

    @Test func aFileThatIsNoJSONIsSetAside() throws {
        defer { try? FileManager.default.removeItem(atPath: self.directory) }
        let file = try self.file()
        let path = "\(self.directory)/alerts.json"
        try Data("{".utf8).write(to: URL(filePath: path))
        #expect(file.read() == nil)
        file.stop()
        #expect(FileManager.default.contents(atPath: path + ".broken") == Data("{".utf8))
    }
}
