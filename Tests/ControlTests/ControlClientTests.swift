import Control
import Foundation
import Testing
import Threads
import WireFormat
import ZeroMQ

@Suite("ControlClient")
struct ControlClientTests {
    @Test func answerComesWithItsFrames() throws {
        try withDirectory { directory in
            let client = try EchoServerClient(directory: directory)
            for run in ["a", "b"] {
                let answer = try client.client.request("run", ["run": .string(run)])
                #expect(answer.result == .string(run))
                #expect(answer.frames.map(\.text) == ["frame"])
            }
        }
    }

    @Test func refusalCarriesTheDaemonsReason() throws {
        try withDirectory { directory in
            let client = try EchoServerClient(directory: directory)
            let error = ControlClientError.refused(code: "unknown_run", message: "no run")
            #expect(throws: error) { try client.client.request("run") }
            #expect(error.description == "no run")
            #expect(!error.isUnreachable)
        }
    }

    @Test func placeWithoutADaemonIsUnreachableAtOnce() throws {
        try withDirectory { directory in
            let context = try Context()
            let endpoint = "ipc://\(directory)/control.sock"
            let error = #expect(throws: ControlClientError.self) {
                try ControlClient(endpoint: endpoint, context: context)
            }
            #expect(error?.isUnreachable == true)
            #expect(
                error?.description == "no livecka daemon at \(endpoint); start one with `livecka serve`, "
                    + "or name another with --control"
            )
        }
    }

    @Test func fileOfAKilledDaemonIsUnreachableAtOnce() throws {
        try withDirectory { directory in
            let path = "\(directory)/control.sock"
            try leaveSocket(at: path)
            #expect(FileManager.default.fileExists(atPath: path))
            #expect(throws: ControlClientError.unreachable(endpoint: "ipc://\(path)")) {
                try ControlClient(endpoint: "ipc://\(path)", context: try Context())
            }
        }
    }

    @Test(arguments: ["", "nonsense", "ipc://", "ipc://" + String(repeating: "x", count: 200), "tcp://"])
    func endpointThatMakesNoSenseIsUnreachable(endpoint: String) {
        #expect(throws: ControlClientError.unreachable(endpoint: endpoint)) {
            try ControlClient(endpoint: endpoint, context: try Context())
        }
    }

    @Test func daemonThatDoesNotAnswerIsSilent() throws {
        try withDirectory { directory in
            let context = try Context()
            let router = try Socket(.router, in: context)
            let endpoint = try router.bind("ipc://\(directory)/control.sock")
            let client = try ControlClient(endpoint: endpoint, context: context)
            let error = ControlClientError.silent(endpoint: endpoint)
            #expect(throws: error) { try client.request("status", timeout: .milliseconds(20)) }
            #expect(error.isUnreachable)
        }
    }

    @Test func answerThatComesTooLateIsNotTakenForTheNext() throws {
        try withDirectory { directory in
            let context = try Context()
            let router = try Socket(.router, in: context)
            let endpoint = try router.bind("ipc://\(directory)/control.sock")
            let client = try ControlClient(endpoint: endpoint, context: context)
            #expect(throws: ControlClientError.self) { try client.request("status", timeout: .zero) }
            let request = try #require(try router.receiveMessage(timeout: patience))
            for (id, result) in [("1", "late"), ("2", "prompt")] {
                let reply = ControlReply.success(id: .string(id), result: .string(result))
                #expect(try router.send([request[0], Frame(reply.encoded())]))
            }
            #expect(try client.request("status").result == "prompt")
        }
    }

    @Test(arguments: ["", "hello", "[]", #"{"id":"1","ok":false}"#, #"{"id":"1","ok":true}"#])
    func answerThatMakesNoSenseIsUnreadable(reply: String) throws {
        try withDirectory { directory in
            let context = try Context()
            let router = try Socket(.router, in: context)
            let endpoint = try router.bind("ipc://\(directory)/control.sock")
            let client = try ControlClient(endpoint: endpoint, context: context)
            #expect(throws: ControlClientError.self) { try client.request("status", timeout: .zero) }
            let request = try #require(try router.receiveMessage(timeout: patience))
            let text = reply.replacing(#""1""#, with: #""2""#)
            #expect(try router.send([request[0], Frame(text)]))
            let error = ControlClientError.unreadable(endpoint: endpoint)
            #expect(throws: error) { try client.request("status") }
            #expect(!error.isUnreachable)
        }
    }
}

/// A server, and a client of it.
private struct EchoServerClient {
    let server: EchoServer
    let client: ControlClient

    init(directory: String) throws {
        self.server = try EchoServer(directory: directory)
        self.client = try self.server.client()
    }
}
