import Snapshots
import Testing

@Suite struct SnapshotFormatTests {
    @Test(arguments: [
        ("a.json", SnapshotFormat.data(.json)),
        ("/tmp/dir.svg/A.CSV", .data(.csv)),
        ("run.1.safetensors", .data(.safetensors)),
        ("./x.svg", .picture(.svg)),
        ("x.PnG", .picture(.png)),
    ])
    func theExtensionNamesTheFormat(path: String, expected: SnapshotFormat) throws {
        #expect(try SnapshotFormat(path: path) == expected)
    }

    @Test(arguments: ["matrix", "matrix.pdf", "", ".", "dir.json/matrix", "json", "/"])
    func anUnknownExtensionIsAnError(path: String) {
        #expect(throws: SnapshotError.unknownFormat(path: path)) { try SnapshotFormat(path: path) }
    }

    @Test func theErrorListsWhatIsRight() {
        #expect(
            SnapshotError.unknownFormat(path: "m.pdf").description
                == "'m.pdf' names no known format: end it in one of .safetensors, .json, .csv, .svg, .png"
        )
    }
}
