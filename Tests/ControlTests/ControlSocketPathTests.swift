import Foundation
import Glibc
import Testing
import WireFormat
import ZeroMQ

@testable import Control

/// Leaves a socket's file behind, as a daemon that was killed does.
func leaveSocket(at path: String) throws {
    let socket = try Socket(.router, in: try Context())
    try socket.bind("ipc://\(path)")
}

@Suite("ControlSocketPath")
struct ControlSocketPathTests {
    private func makeServer(_ endpoint: String) throws -> ControlServer {
        try ControlServer(endpoint: endpoint, context: try Context(), answer: echo)
    }

    /// What a server says that cannot be made.
    private func refusal(of endpoint: String) -> String? {
        let error = #expect(throws: ControlError.self) { try self.makeServer(endpoint) }
        return error?.description
    }

    @Test func directoryAndSocketAreThisUsersAlone() throws {
        try withDirectory { directory in
            let endpoint = "ipc://\(directory)/made/for/it/control.sock"
            let server = try self.makeServer(endpoint)
            #expect(server.endpoint == endpoint)
            #expect(try permissions(of: "\(directory)/made") == 0o700)
            #expect(try permissions(of: "\(directory)/made/for/it") == 0o700)
            #expect(try permissions(of: "\(directory)/made/for/it/control.sock") == 0o600)
            #expect(try permissions(of: "\(directory)/made/for/it/control.sock.lock") == 0o600)
            server.stop()
            #expect(!FileManager.default.fileExists(atPath: "\(directory)/made/for/it/control.sock"))
        }
    }

    @Test func secondDaemonIsRefusedAndTheFirstKeepsItsSocket() throws {
        try withDirectory { directory in
            let first = try EchoServer(directory: directory)
            #expect(
                self.refusal(of: first.server.endpoint)
                    == "another livecka already runs with control endpoint \(first.server.endpoint); "
                    + "stop it, or give this one its own control.bind"
            )
            #expect(try first.client().request("run", ["run": "a"]).result == "a")
        }
    }

    @Test func fileOfAKilledDaemonIsReplaced() throws {
        try withDirectory { directory in
            let path = "\(directory)/control.sock"
            try leaveSocket(at: path)
            #expect(FileManager.default.createFile(atPath: path + ".lock", contents: nil))
            let echo = try EchoServer(directory: directory)
            #expect(try echo.client().request("run", ["run": "a"]).result == "a")
            #expect(try permissions(of: path) == 0o600)
        }
    }

    @Test func fileThatIsNoSocketIsNotRemoved() throws {
        try withDirectory { directory in
            let path = "\(directory)/precious"
            #expect(FileManager.default.createFile(atPath: path, contents: Data("precious".utf8)))
            #expect(self.refusal(of: "ipc://\(path)")?.contains("File exists") == true)
            #expect(FileManager.default.contents(atPath: path) == Data("precious".utf8))
        }
    }

    @Test(arguments: [0o777, 0o775, 0o770])
    func directoryThatOthersMayWriteToIsRefused(mode: Int) throws {
        try withDirectory { directory in
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: directory)
            #expect(self.refusal(of: "ipc://\(directory)/control.sock")?.contains("could pose as the daemon") == true)
        }
    }

    @Test func stickyDirectoryThatOthersMayWriteToIsTaken() throws {
        try withDirectory { directory in
            let status = unsafe chmod(directory, 0o1777)
            #expect(status == 0)
            try self.makeServer("ipc://\(directory)/control.sock").stop()
        }
    }

    @Test func lockThatIsALinkIsNotFollowed() throws {
        try withDirectory { directory in
            let target = "\(directory)/target"
            try FileManager.default.createSymbolicLink(
                atPath: "\(directory)/control.sock.lock",
                withDestinationPath: target
            )
            #expect(self.refusal(of: "ipc://\(directory)/control.sock")?.contains("control.sock.lock") == true)
            #expect(!FileManager.default.fileExists(atPath: target))
        }
    }

    @Test(
        arguments: [
            "", "tcp://127.0.0.1:*", "inproc://control", "ipc://", "ipc://relative", "ipc://@name", "ipc:///tmp/",
        ]
    )
    func endpointThatIsNoFileIsRefused(endpoint: String) {
        #expect(
            self.refusal(of: endpoint)
                == "control.bind \(endpoint) is not possible: use ipc:///PATH; "
                + "tcp is refused until it can be authenticated"
        )
    }

    @Test func longestPathIsTakenAndALongerOneRefused() throws {
        try withDirectory { directory in
            let longest = directory + "/" + String(repeating: "x", count: 106 - directory.utf8.count)
            try self.makeServer("ipc://\(longest)").stop()
            #expect(self.refusal(of: "ipc://\(longest)x")?.contains("has 108 bytes and may have 107") == true)
        }
    }

    @Test func directoryThatCannotBeMadeIsNamed() {
        #expect(self.refusal(of: "ipc:///proc/livecka/control.sock")?.contains("cannot make /proc/livecka:") == true)
    }
}
