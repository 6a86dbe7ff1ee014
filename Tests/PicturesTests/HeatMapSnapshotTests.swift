import FoundationEssentials
import Pictures
import Snapshots
import Testing
import WireFormat

@Suite struct HeatMapSnapshotTests {
    @Test func theTextsSayWhatTheMatrixCovers() throws {
        let map = HeatMap(try MatrixSnapshot.example())
        #expect(map.layers == ["stem", "head"])
        #expect(
            map.title == [
                "resnet-d40 · window last (pass) · generation 2", "step 66 · 1 batch · 64 examples · incomplete",
            ]
        )
        #expect(
            map.caption == [
                "missing 3 · of the run: rejected 3 (dtype 2, size 1), dropped 4, lost 5",
                "undefined: head (constant)",
            ]
        )
    }

    @Test func whatIsNotKnownIsNotSaid() throws {
        let header = try SnapshotHeader(["layers": ["a"], "step_first": 1, "step_last": 9])
        let map = HeatMap(try MatrixSnapshot(header: header, cka: [1], standardErrors: [.nan]))
        #expect(map.title == ["steps 1–9"])
        #expect(map.caption.isEmpty)
    }

    @Test func manyUndefinedLayersAreCounted() throws {
        let names = (0..<6).map { "layer\($0)" }
        var undefined: JSONObject = [:]
        for name in names.reversed() {
            undefined[name] = "no_data"
        }
        let header = try SnapshotHeader(["layers": .array(names.map { .string($0) }), "undefined": .object(undefined)])
        let nothing = [Double](repeating: .nan, count: 36)
        let map = HeatMap(try MatrixSnapshot(header: header, cka: nothing, standardErrors: nothing))
        #expect(map.caption == ["undefined: layer0 (no_data), layer1 (no_data), layer2 (no_data) and 3 more"])
    }

    @Test func countsBeyondTheLargestNumberDoNotTrap() throws {
        let rejected: JSONValue = ["dtype": .integer(.max), "size": .integer(.max)]
        let header = try SnapshotHeader(["layers": [], "accounting": ["rejected": rejected]])
        let map = HeatMap(try MatrixSnapshot(header: header, cka: [], standardErrors: []))
        #expect(map.caption[0].contains("rejected \(Int.max) "))
    }

    @Test(arguments: ["svg", "png", "json", "csv", "safetensors"])
    func everyFormatIsWrittenByTheNameOfTheFile(fileExtension: String) throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).\(fileExtension)")
        defer { try? FileManager.default.removeItem(at: file) }
        let beginnings: [String: [UInt8]] = [
            "svg": Array("<?xml".utf8), "png": [0x89, 0x50, 0x4E, 0x47], "json": Array("{\n\"run\"".utf8),
            "csv": Array(",stem,head\n".utf8),
        ]
        try MatrixSnapshot.example().write(to: file.path, as: SnapshotFormat(path: file.path), blocks: [])
        let contents = try Data(contentsOf: file)
        #expect(contents.starts(with: beginnings[fileExtension, default: []]))
        #expect(contents.count > 20)
    }

    @Test func aFileThatCannotBeWrittenIsAnError() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID())/picture.svg").path
        #expect(throws: SnapshotError.self) {
            try MatrixSnapshot.example().write(to: path, as: .picture(.svg))
        }
    }
}

extension MatrixSnapshot {
    /// An unfinished pass of two layers, of which the second is constant.
    fileprivate static func example() throws -> MatrixSnapshot {
        let header = try SnapshotHeader([
            "run": "resnet-d40", "window": "last", "kind": "pass", "generation": 2, "step_first": 66, "step_last": 66,
            "batches": 1, "examples": 64, "missing": 3, "complete": false, "layers": ["stem", "head"],
            "undefined": ["head": "constant"],
            "accounting": ["rejected": ["dtype": 2, "size": 1, "shape": 0], "dropped": 4, "lost": 5],
        ])
        return try MatrixSnapshot(
            header: header,
            cka: [1, .nan, .nan, .nan],
            standardErrors: Array(repeating: .nan, count: 4)
        )
    }
}
