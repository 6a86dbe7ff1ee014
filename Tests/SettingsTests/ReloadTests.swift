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
            settings.withoutEffect == ["http.host", "http.port", "security.curve.secret_key", "security.curve.allow"]
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
                state: {history: 1d}
                alerts:
                  block_structure: {enter: 0.2, window: total}
                  similarity: [{name: r, first: a, second: b, above: 0.5}]
                  alertmanager: {url: http://127.0.0.1:9093, resend: 5s, timeout: 1s}
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
