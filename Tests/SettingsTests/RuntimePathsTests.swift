import Settings
import Testing

@Suite("Runtime paths")
struct RuntimePathsTests {
    /// Environment, control endpoint, state directory.
    static let cases: [([String: String], String, String)] = [
        (
            [
                "RUNTIME_DIRECTORY": "/run/livecka", "STATE_DIRECTORY": "/var/lib/livecka",
                "XDG_RUNTIME_DIR": "/run/user/7",
            ],
            "ipc:///run/livecka/control.sock", "/var/lib/livecka"
        ),
        (
            ["RUNTIME_DIRECTORY": "/run/a:/run/b", "STATE_DIRECTORY": "/var/lib/a:/var/lib/b"],
            "ipc:///run/a/control.sock", "/var/lib/a"
        ),
        (
            ["XDG_RUNTIME_DIR": "/run/user/7", "XDG_STATE_HOME": "/home/u/state", "HOME": "/home/u"],
            "ipc:///run/user/7/livecka/control.sock", "/home/u/state/livecka"
        ),
        (["HOME": "/home/u/"], "ipc:///tmp/livecka-7/control.sock", "/home/u/.local/state/livecka"),
        (
            ["RUNTIME_DIRECTORY": "", "XDG_RUNTIME_DIR": "relative", "XDG_STATE_HOME": "", "HOME": ""],
            "ipc:///tmp/livecka-7/control.sock", "/tmp/livecka-7/state"
        ),
    ]

    @Test(arguments: cases)
    func theFirstVariableThatNamesADirectoryWins(environment: [String: String], endpoint: String, state: String) {
        let paths = RuntimePaths(environment: environment, userID: 7, temporaryDirectory: "/tmp/")
        #expect(paths.controlEndpoint == endpoint)
        #expect(paths.stateDirectory == state)
        #expect(endpoint == "ipc://\(paths.runtimeDirectory)/control.sock")
    }
}
