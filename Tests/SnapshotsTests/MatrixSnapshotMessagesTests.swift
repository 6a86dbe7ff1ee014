import Snapshots
import Testing
import WireFormat

@Suite struct MatrixSnapshotMessagesTests {
    private let cka = bytes([1, 0.5, 0.5, .nan])
    private let errors = bytes([0, 0.25, 0.25, .nan])
    private let hsic = bytes([3, -1, -1, 0])

    @Test func aControlReplyGivesEveryMatrix() throws {
        let snapshot = try MatrixSnapshot(
            controlReply: SnapshotHeader.example().object,
            frames: [self.cka, self.errors, self.hsic]
        )
        #expect(Array(snapshot.cka.prefix(3)) == [1, 0.5, 0.5])
        #expect(snapshot.cka[3].isNaN)
        #expect(snapshot.standardErrors[1] == 0.25)
        #expect(snapshot.hsic == [3, -1, -1, 0])
        #expect(snapshot.groups == nil)
        #expect(snapshot.header.run == "7")
        #expect(snapshot.header.stepLast == 66)
        #expect(snapshot.header.missing == nil)
        #expect(snapshot.header.effectiveBatches == 12.5)
        #expect(snapshot.header.isComplete == true)
        #expect(snapshot.header.undefined == ["a,\"b\"": "constant"])
        #expect(snapshot.header.dominance[0] == 0.5)
        #expect(snapshot.header.dominance[1].isNaN)
        #expect(snapshot.header.object["v"] == 1)
    }

    @Test(arguments: [false, true])
    func firstComponentsFollowBehindEverythingElse(withGroups: Bool) throws {
        var header = try SnapshotHeader.example().object
        var names: [JSONValue] = ["cka", "stderr", "hsic"]
        var frames = [self.cka, self.errors, self.hsic]
        if withGroups {
            header["groups"] = 1
            names += ["dominance", "groups", "traces"]
            frames += [bytes([0.5, .nan]), bytes([1, 2, 2, 3]), bytes([4, 5])]
        }
        header["frames"] = .array(names + ["pc1_fraction", "pc1_alignment", "pc1_cka_without"])
        frames += [bytes([0.75, .nan]), bytes([1, 0.25, 0.25, 1]), bytes([1, -0.5, -0.5, 1])]
        let snapshot = try MatrixSnapshot(controlReply: header, frames: frames)
        #expect(snapshot.firstComponents?.fractions.first == 0.75)
        #expect(snapshot.firstComponents?.alignments == [1, 0.25, 0.25, 1])
        #expect(snapshot.firstComponents?.similarities == [1, -0.5, -0.5, 1])
        #expect((snapshot.groups != nil) == withGroups)

        #expect(throws: SnapshotError.frameCount(frames.count - 1)) {
            try MatrixSnapshot(controlReply: header, frames: frames.dropLast())
        }
    }

    @Test func groupsFollowWhereTheyWereAskedFor() throws {
        var header = try SnapshotHeader.example().object
        header["groups"] = 3
        let products = (0..<12).map(Double.init)
        let traces = (0..<6).map(Double.init)
        let frames = [self.cka, self.errors, self.hsic, bytes([0.5, .nan]), bytes(products), bytes(traces)]
        let snapshot = try MatrixSnapshot(controlReply: header, frames: frames)
        #expect(snapshot.groups == MatrixSnapshot.GroupSums(count: 3, products: products, traces: traces))

        header["groups"] = 4
        #expect(throws: SnapshotError.size(of: "groups", expected: "4 × 2 × 2 doubles")) {
            try MatrixSnapshot(controlReply: header, frames: frames)
        }
        for count: JSONValue in [.null, -1, "3", .integer(.max)] {
            header["groups"] = count
            #expect(throws: SnapshotError.header(key: "groups", expected: "the number of groups")) {
                try MatrixSnapshot(controlReply: header, frames: frames)
            }
        }
    }

    @Test func aPublishedMatrixHasNoHSIC() throws {
        let header = JSONValue.object(try SnapshotHeader.example().object).encoded()
        let snapshot = try MatrixSnapshot(
            publishedFrames: [Array("cka/7/recent/".utf8), header, self.cka, self.errors]
        )
        #expect(snapshot.hsic == nil)
        #expect(snapshot.layers == ["stem", "a,\"b\""])
        #expect(snapshot.header.object == (try SnapshotHeader.example().object))
    }

    @Test(arguments: [0, 1, 2, 4, 5, 7])
    func anotherNumberOfFramesIsAnError(count: Int) throws {
        let header = try SnapshotHeader.example().object
        #expect(throws: SnapshotError.frameCount(count)) {
            try MatrixSnapshot(controlReply: header, frames: Array(repeating: self.cka, count: count))
        }
    }

    @Test(arguments: [0, 8, 31, 33, 40])
    func aFrameOfAnotherLengthIsAnError(byteCount: Int) throws {
        let header = try SnapshotHeader.example().object
        let frame = [UInt8](repeating: 0, count: byteCount)
        #expect(throws: SnapshotError.size(of: "stderr", expected: "2 × 2 doubles")) {
            try MatrixSnapshot(controlReply: header, frames: [self.cka, frame, self.hsic])
        }
    }

    @Test(
        arguments: [
            ("layers", .null), ("layers", "stem"), ("layers", [1]), ("run", 7), ("generation", -1), ("step_first", 0.5),
            ("complete", 1), ("effective_batches", "many"), ("undefined", ["stem": 1]), ("undefined", []),
            ("dominance", [0.5]), ("dominance", ["a", "b"]), ("largest_batch_share", 1), ("dtype", "F32"),
            ("shape", [2, 3]),
        ] as [(String, JSONValue)]
    )
    func aHeaderOfAnotherTypeIsAnErrorThatNamesTheKey(key: String, value: JSONValue) throws {
        var header = try SnapshotHeader.example().object
        header[key] = value
        let error = #expect(throws: SnapshotError.self) {
            try MatrixSnapshot(controlReply: header, frames: [self.cka, self.errors, self.hsic])
        }
        guard case .header(key, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(arguments: ["", "[]", "{", "null", "\u{FF}"])
    func aHeaderThatIsNoObjectIsAnError(text: String) {
        #expect(throws: SnapshotError.self) {
            try MatrixSnapshot(publishedFrames: [[], Array(text.utf8), [], []])
        }
    }

    @Test func aMatrixWithoutLayersIsEmpty() throws {
        let snapshot = try MatrixSnapshot(controlReply: ["layers": []], frames: [[], [], []])
        #expect(snapshot.cka.isEmpty)
    }
}
