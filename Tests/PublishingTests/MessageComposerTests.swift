import Monitoring
import Testing
import WireFormat
import ZeroMQ

@testable import Publishing

@Suite("MessageComposer")
struct MessageComposerTests {
    /// A member of a message's header.
    private func header(_ message: ComposedMessage) throws -> JSONObject {
        let value = try message.frames[1].withBytes { bytes throws(JSONError) in try JSONValue(parsing: bytes) }
        guard case .object(let object) = value else { throw NoObject() }
        return object
    }

    private struct NoObject: Error {}

    @Test func everyTopicHasItsOwnNumbers() throws {
        var composer = MessageComposer(epoch: 7)
        let messages = [
            composer.compose(.example(run: "a")), composer.compose(.example(run: "b")),
            composer.compose(.example(run: "a", window: .pass)), composer.compose(.example(run: "a")),
            composer.compose(.kind(.bye, of: "a")), composer.composeHeartbeat(),
        ]
        #expect(
            messages.map(\.topic) == [
                "cka/a/total/", "cka/b/total/", "cka/a/pass/", "cka/a/total/", "event/a/", "heartbeat/",
            ]
        )
        #expect(messages.map { $0.frames[0].text } == messages.map(\.topic))
        #expect(try messages.map { try self.header($0)["seq"] } == [0, 0, 0, 1, 0, 0])
        for message in messages {
            #expect(try self.header(message)["epoch"] == 7)
        }
    }

    @Test func matrixIsAHeaderAndTwoFramesOfNumbers() throws {
        var composer = MessageComposer(epoch: 1)
        let message = composer.compose(.example(run: "a", step: 100))
        #expect(message.frames.map(\.byteCount).dropFirst(2) == [32, 32])
        let cka = message.frames[2].withBytes { bytes in
            (0..<4).map { unsafe bytes.unsafeLoad(fromByteOffset: 8 * $0, as: Double.self) }
        }
        #expect(cka == [1, 0.5, 0.5, 1])
        let header = try self.header(message)
        #expect(header["layers"] == ["first", "second"])
        #expect(header["step_first"] == 100)
        #expect(header["shape"] == [2, 2])
    }

    @Test func eventsWithoutARunHaveATopicToo() throws {
        var composer = MessageComposer(epoch: 1)
        let message = composer.compose(MonitorEvent(kind: .attached, run: nil, detail: [:]))
        #expect(message.topic == "event//")
        #expect(try self.header(message)["run"] == .null)
        #expect(try self.header(message)["event"] == "attached")
    }

    @Test func noNumberOfATopicComesTwiceHoweverManyTopicsThereAre() throws {
        var composer = MessageComposer(epoch: 1, topicCapacity: 3)
        var last: [String: Int] = [:]
        for number in 0..<200 {
            let message = composer.compose(.example(run: "run-\(number * number % 11)"))
            guard case .integer(let seq)? = try self.header(message)["seq"] else { throw NoObject() }
            #expect(seq > last[message.topic, default: -1])
            last[message.topic] = seq
        }
    }
}
