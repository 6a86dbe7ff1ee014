import Foundation
import Settings
import Testing

@Suite("Files")
struct FileTests {
    @Test func aFileIsReadUnderItsPath() throws {
        try withFile(Data("http: {port: 1}\n".utf8)) { path throws in
            #expect(try Settings(contentsOf: path).http.port == 1)
            #expect(try Settings(contentsOf: path, environment: ["LIVECKA_HTTP_PORT": "2"]).http.port == 2)
        }
        try withFile(Data("\nhttp: {port: x}\n".utf8)) { path in
            #expect(
                problems(at: path)
                    == "\(path):2: http.port: \"x\" is not a whole number; write a whole number from 0 to 65535"
            )
        }
    }

    @Test func whatIsNoSettingsFileIsRefusedWithItsReason() throws {
        let remedy = "give the path of a settings file that this user may read"
        #expect(
            problems(at: "/nonexistent/a.yaml")
                == "/nonexistent/a.yaml: cannot be read: No such file or directory; \(remedy)"
        )
        #expect(problems(at: "/") == "/: cannot be read: Is a directory; \(remedy)")
        #expect(problems(at: "/dev/zero") == "/dev/zero: the file is larger than 1MiB; \(remedy)")
        try withFile(Data([0x61, 0xFF])) { path in
            #expect(problems(at: path) == "\(path): the file is not UTF-8; save it as UTF-8")
        }
    }

    private func problems(at path: String) -> String {
        do {
            _ = try Settings(contentsOf: path)
            return "no problem"
        } catch {
            return error.description
        }
    }

    private func withFile(_ data: Data, _ body: (String) throws -> Void) throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("settings-\(UUID().uuidString).yaml")
        try data.write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        try body(url.path)
    }
}
