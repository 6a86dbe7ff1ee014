import FoundationEssentials
import Snapshots
import Testing

@Suite struct AtomicFileTests {
    @Test func aCommittedFileHoldsEverythingThatWasWritten() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/file"
            let large = (0..<1_500_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            var file = try AtomicFile(replacing: path)
            try file.write([1, 2, 3])
            try file.write(large)
            try file.commit()
            #expect(try AtomicFile.contents(of: path) == [1, 2, 3] + large)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["file"])
        }
    }

    @Test func anAbandonedFileLeavesTheOldOneAndNothingElse() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/file"
            try writeFile(path, [7])
            do {
                var file = try AtomicFile(replacing: path)
                try file.write([1, 2, 3])
            }
            #expect(try AtomicFile.contents(of: path) == [7])
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["file"])
        }
    }

    @Test func aFailedRenameLeavesNothing() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/taken"
            try FileManager.default.createDirectory(atPath: path + "/inside", withIntermediateDirectories: true)
            #expect(throws: FileError.self) { try writeFile(path, [1]) }
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["taken"])
        }
    }

    @Test func theErrorNamesTheFileThatWasAskedFor() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/missing/file"
            let error = #expect(throws: FileError.self) { _ = try AtomicFile(replacing: path) }
            #expect(error?.description == "Could not create '\(path)': No such file or directory")
            let readError = #expect(throws: FileError.self) { _ = try AtomicFile.contents(of: path) }
            #expect(readError?.description == "Could not open '\(path)': No such file or directory")
        }
    }

    private func writeFile(_ path: String, _ bytes: [UInt8]) throws {
        var file = try AtomicFile(replacing: path)
        try file.write(bytes)
        try file.commit()
    }
}

/// Calls a closure with a directory of its own, which is removed afterwards.
func withTemporaryDirectory(_ body: (String) throws -> Void) throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    try body(directory.path)
}
