import Settings
import Testing

@Suite("Reload")
struct ReloadTests {
    @Test func theDefaultsNeedNothing() {
        #expect(Settings().withoutEffect == [])
        #expect(Settings().restartNeeded(from: Settings()) == [])
    }

    @Test func whatIsReadAndNotActedOnIsNamed() throws {
        let settings = try Settings(yaml: LoadingTests.everything)
        #expect(
            settings.withoutEffect.prefix(5) == [
                "http.host", "http.port", "state.directory", "state.checkpoint", "state.history",
            ]
        )
        #expect(settings.withoutEffect.contains("alerts.block_structure.enter"))
        #expect(settings.withoutEffect.last == "security.curve.allow")
        #expect(
            settings.withoutEffect.allSatisfy { key in
                ["http.", "state.", "alerts.", "security."].contains { key.hasPrefix($0) }
            }
        )
    }

    @Test func reloadableKeysNeedNoRestart() throws {
        let settings = try Settings(
            yaml: """
                ingest: {connect: [tcp://a:1]}
                publish: {interval: 2s}
                engine: {first_component: off}
                limits: {memory: 3GiB, message: 2GiB, layers: 1, examples: 4, runs: 1, assembly: 1s}
                stale_after: 1s
                """
        )
        #expect(settings.restartNeeded(from: Settings()) == [])
    }

    @Test func theOthersAreNamedInTheOrderOfTheFile() throws {
        let old = try Settings(yaml: "engine: {threads: 2}")
        let new = try Settings(
            yaml: """
                http: {port: 1}
                windows: [{name: recent, kind: sliding, batches: 8}]
                control: {bind: ipc:///a}
                publish: {bind: tcp://a:1, interval: 2s}
                ingest: {bind: []}
                """
        )
        #expect(
            new.restartNeeded(from: old) == [
                "ingest.bind", "publish.bind", "control.bind", "http.port", "windows", "engine.threads",
            ]
        )
        #expect(old.restartNeeded(from: old) == [])
    }
}
