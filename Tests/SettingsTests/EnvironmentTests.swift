import Testing

@testable import Settings

@Suite("Environment")
struct EnvironmentTests {
    @Test func variablesOverrideTheFileKeyByKey() throws {
        let settings = try Settings(
            yaml: "publish: {bind: tcp://a:1, interval: 2s}\ningest: {bind: [tcp://b:1, tcp://b:2]}",
            environment: [
                "LIVECKA_PUBLISH_INTERVAL": "500ms", "LIVECKA_INGEST_BIND": "tcp://c:1, ipc:///d",
                "LIVECKA_LIMITS_MEMORY": "1GiB", "LIVECKA_STALE_AFTER": "2m", "LIVECKA_HTTP_PORT": "0",
                "LIVECKA_WINDOWS": "[{name: recent, kind: sliding, batches: 8}]",
                "LIVECKA_ALERTS_BLOCK_STRUCTURE_GROUPS": "['a{1,2}', b]", "LIVECKA_CONTROL_BIND": "ipc:///run/c",
            ]
        )
        #expect(settings.publish.bind == "tcp://a:1")
        #expect(settings.publish.interval == .milliseconds(500))
        #expect(settings.ingest.bind == ["tcp://c:1", "ipc:///d"])
        #expect(settings.limits.memory == 1 << 30)
        #expect(settings.staleAfter == .seconds(120))
        #expect(settings.http.port == 0)
        #expect(settings.windows == [WindowSettings(name: "recent", kind: .sliding(batches: 8))])
        #expect(settings.alerts.blockStructure.groups == ["a{1,2}", "b"])
        #expect(settings.control.bind == "ipc:///run/c")
    }

    @Test func everyKeyHasAVariableOfItsOwn() {
        #expect(EnvironmentVariables.leaves.count == Settings.keys.flatMap(\.leaves).count)
        #expect(Set(EnvironmentVariables.leaves.keys).isDisjoint(with: Settings.foreignVariables))
    }

    @Test func emptyIsAnEmptyListOrTheDefaultPlace() throws {
        let environment = ["LIVECKA_INGEST_BIND": "", "LIVECKA_CONTROL_BIND": ""]
        let settings = try Settings(yaml: "control: {bind: ipc:///a}", environment: environment)
        #expect(settings.ingest.bind == [])
        #expect(settings.control.bind == nil)
    }

    @Test func othersVariablesAreLeftAlone() throws {
        let environment = [
            "LIVECKA_CONTROL": "tcp://a:1", "LIVECKA_DISABLE": "1", "LIVECKA_LOG_LEVEL": "debug", "PATH": "/bin",
        ]
        #expect(try Settings(environment: environment) == Settings())
    }

    @Test(arguments: [
        (
            ["LIVECKA_HTTP_PORT": ""],
            "LIVECKA_HTTP_PORT: http.port: nothing is given; write a whole number from 0 to 65535"
        ),
        (
            ["LIVECKA_INGEST_BIND": "tcp://a:1,b"],
            "LIVECKA_INGEST_BIND: ingest.bind[1]: \"b\" names no transport; write tcp://HOST:PORT or ipc:///PATH"
        ),
        (
            ["LIVECKA_INGEST_BIND": "[tcp://a:1"],
            "LIVECKA_INGEST_BIND: ingest.bind: this is not YAML: did not find expected ',' or ']'; look for a bracket, quote or indentation here or just before"
        ),
        (
            ["LIVECKA_WINDOWS": "[{name: recent, kind: sliding, batches: 60}]"],
            "LIVECKA_WINDOWS: windows[0].batches: 60 is not a multiple of 8; use 56 or 64"
        ),
        (["LIVECKA_WINDOWS": ""], "LIVECKA_WINDOWS: windows: nothing is given; write a list, [] for an empty one"),
    ])
    func aMistakeNamesTheVariable(environment: [String: String], expected: String) {
        #expect(ProblemTests.problems(in: "", environment: environment) == expected)
    }

    @Test func aVariableThatIsNoKeyIsSaidAndNotRefused() throws {
        let environment = [
            "LIVECKA_PUBLISH_INTERVALL": "1s", "LIVECKA_SOMETHING_ELSE_ENTIRELY": "1", "LIVECKA_DISABLE": "1",
        ]
        #expect(try Settings(environment: environment) == Settings())
        #expect(
            Settings.strayVariables(in: environment) == [
                "LIVECKA_PUBLISH_INTERVALL has no effect: it is no key; did you mean LIVECKA_PUBLISH_INTERVAL?",
                "LIVECKA_SOMETHING_ELSE_ENTIRELY has no effect: it is no key",
            ]
        )
    }

    /// The second list replaces the first, so no line of the file is to blame.
    @Test func aReplacedListIsBlamedOnItsVariable() {
        let yaml = "alerts: {similarity: [{name: r, window: total, first: a, second: b, above: 0}]}"
        let rules = "[{name: r, first: a, second: b, above: 0}]"
        let environment = [
            "LIVECKA_ALERTS_SIMILARITY": rules, "LIVECKA_WINDOWS": "[{name: w, kind: pass}]",
            "LIVECKA_ALERTS_COVERAGE_WINDOW": "w", "LIVECKA_ALERTS_BLOCK_STRUCTURE_WINDOW": "w",
        ]
        #expect(
            ProblemTests.problems(in: yaml, environment: environment)
                == "LIVECKA_WINDOWS: alerts.similarity[0].window: there is no window \"recent\"; use w"
        )
    }
}
