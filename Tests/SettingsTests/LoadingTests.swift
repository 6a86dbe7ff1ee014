import Testing

@testable import Settings

@Suite("Loading")
struct LoadingTests {
    /// A value for every key that is not its default.
    static let everything = """
        ingest: {bind: ["tcp://*:5581", "tcp://[::1]:5582", "tcp://*:*", "tcp://*:*"], connect: ["tcp://gpu7:5580", "ipc://@job"]}
        publish: {bind: "ipc:///run/livecka/publish.sock", interval: 250ms}
        control: {bind: "ipc:///run/livecka/other.sock"}
        http: {host: "::1", port: 0}
        state: {directory: "/srv/live cka", checkpoint: 15000us, history: 2h}
        windows:
          - {name: last, kind: sliding, batches: 128}
          - {name: "8", kind: decay, half_life: 12.5}
        engine: {threads: 3}
        limits: {memory: 4GB, message: 1000001B, layers: 100, examples: 128, runs: 7, assembly: 90s}
        stale_after: 5m
        alerts:
          block_structure: {window: "8", enter: 0.2, exit: 0.1, dominance_enter: 0.5, dominance_exit: 0.4, dwell: 2, minimum_batches: 16, minimum_probe_batches: 5, groups: ['\\.conv[12]$', "out, \\"é\\"\\t\\u2028"], threshold: 0.95, penalty: 0.3, interval_layers: 6, gate_layers: 5, gate_share: 0.3, corner: 0.8, overlap: 0.6}
          coverage: {window: last, missing: 0.25}
          similarity:
            - {name: twins, window: last, first: '^a', second: '^b', above: 0.95, evaluations: 5}
            - {name: apart, window: "8", first: a, second: b, below: -0.5}
          alertmanager: {url: "http://127.0.0.1:9093"}
        security: {curve: {secret_key: /etc/livecka/curve.key, allow: ["Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"]}}
        """

    @Test(arguments: ["", "\n", "# nothing\n", "---\n", "{}", "null", "ingest:\nalerts:\n  block_structure:\n"])
    func whatSaysNothingIsTheDefaults(yaml: String) throws {
        #expect(try Settings(yaml: yaml) == Settings())
    }

    @Test func theDefaultsAreTheContracts() throws {
        let contract = """
            ingest:
              bind: [tcp://127.0.0.1:5571]
              connect: []
            publish: {bind: tcp://127.0.0.1:5572, interval: 1s}
            http: {host: 127.0.0.1, port: 5574}
            state: {checkpoint: 1s, history: 30d}
            windows:
              - {name: pass, kind: pass}
              - {name: recent, kind: sliding, batches: 64}
              - {name: trend, kind: decay, half_life: 256}
              - {name: total, kind: total}
            engine: {threads: 0, first_component: probe}
            limits: {memory: 2GiB, message: 1GiB, layers: 4096, examples: 4096, runs: 256, assembly: 30s}
            stale_after: 60s
            alerts:
              block_structure: {window: recent}
              alertmanager: {}
            security: {}
            """
        #expect(try Settings(yaml: contract) == Settings())
        #expect(Settings().limits.memory == 2_147_483_648)
        #expect(Settings().state.history == .seconds(2_592_000))
    }

    @Test func everyKeyIsRead() throws {
        let settings = try Settings(yaml: Self.everything)
        let changed = Set(settings.restartNeeded(from: Settings()))
        for leaf in Settings.keys.flatMap(\.leaves) where !Settings.isReloadable(leaf.path) {
            #expect(changed.contains(leaf.path), "\(leaf.path) still has its default")
        }
        #expect(settings.ingest.bind == ["tcp://*:5581", "tcp://[::1]:5582", "tcp://*:*", "tcp://*:*"])
        #expect(settings.ingest.connect == ["tcp://gpu7:5580", "ipc://@job"])
        #expect(settings.publish.interval == .milliseconds(250))
        #expect(
            settings.windows == [
                WindowSettings(name: "last", kind: .sliding(batches: 128)),
                WindowSettings(name: "8", kind: .decay(halfLife: 12.5)),
            ]
        )
        #expect(settings.limits.memory == 4_000_000_000)
        #expect(settings.limits.message == 1_000_001)
        #expect(settings.limits.layers == 100)
        #expect(settings.limits.examples == 128)
        #expect(settings.limits.runs == 7)
        #expect(settings.limits.assembly == .seconds(90))
        #expect(settings.staleAfter == .seconds(300))
        #expect(settings.alerts.blockStructure.groups == ["\\.conv[12]$", "out, \"é\"\t\u{2028}"])
        #expect(settings.alerts.similarity.map(\.condition) == [.above(0.95), .below(-0.5)])
        #expect(settings.alerts.similarity.map(\.evaluations) == [5, 3])
    }

    @Test(arguments: ["", everything])
    func whatIsWrittenReadsBackAsTheSame(yaml: String) throws {
        let settings = try Settings(yaml: yaml)
        #expect(try Settings(yaml: settings.encodedYAML()) == settings)
    }

    @Test func theDefaultsAreWrittenInFull() {
        #expect(
            Settings().encodedYAML() == """
                ingest:
                  bind: [tcp://127.0.0.1:5571]
                  connect: []
                publish:
                  bind: tcp://127.0.0.1:5572
                  interval: 1s
                control:
                  bind: null
                http:
                  host: 127.0.0.1
                  port: 5574
                state:
                  directory: null
                  checkpoint: 1s
                  history: 30d
                windows:
                  - {name: pass, kind: pass}
                  - {name: recent, kind: sliding, batches: 64}
                  - {name: trend, kind: decay, half_life: 256}
                  - {name: total, kind: total}
                engine:
                  threads: 0
                  first_component: probe
                limits:
                  memory: 2GiB
                  message: 1GiB
                  layers: 4096
                  examples: 4096
                  runs: 256
                  assembly: 30s
                stale_after: 1m
                alerts:
                  block_structure:
                    window: recent
                    enter: 0.12
                    exit: 0.08
                    dominance_enter: 0.45
                    dominance_exit: 0.38
                    dwell: 3
                    minimum_batches: 8
                    minimum_probe_batches: 4
                    groups: []
                    threshold: 0.9
                    penalty: 0.25
                    interval_layers: 5
                    gate_layers: 4
                    gate_share: 0.2
                    corner: 0.85
                    overlap: 0.5
                  coverage:
                    window: recent
                    missing: 0.1
                  similarity: []
                  alertmanager:
                    url: null
                    resend: 1m
                    timeout: 10s
                security:
                  curve:
                    secret_key: null
                    allow: []

                """
        )
    }

    @Test(arguments: [
        ("4096B", 4096), ("1kB", 1000), ("1KiB", 1024), ("1GB", 1_000_000_000), ("512MiB", 536_870_912),
        ("2 GiB", 2_147_483_648), ("\"1TiB\"", 1_099_511_627_776),
    ])
    func sizesHaveUnits(text: String, bytes: Int) throws {
        #expect(try Settings(yaml: "limits: {memory: \(text), message: 1B}").limits.memory == bytes)
    }

    @Test(arguments: [
        ("250ms", Duration.milliseconds(250)), ("90s", .seconds(90)), ("5m", .seconds(300)), ("2h", .seconds(7200)),
        ("30d", .seconds(2_592_000)), ("20000us", .milliseconds(20)), ("20000000ns", .milliseconds(20)),
    ])
    func durationsHaveUnits(text: String, duration: Duration) throws {
        #expect(try Settings(yaml: "stale_after: \(text)").staleAfter == duration)
    }

    @Test func anchorsAndMergesAreFollowed() throws {
        let settings = try Settings(
            yaml: """
                alerts:
                  similarity:
                    - &rule {name: one, first: a, second: b, above: 0.5}
                    - {<<: *rule, name: two, second: c}
                    - {<<: [{evaluations: 9, name: unused}, *rule], name: three}
                """
        )
        let rules = settings.alerts.similarity
        #expect(rules.map(\.name) == ["one", "two", "three"])
        #expect(rules.map(\.second) == ["b", "c", "b"])
        #expect(rules.map(\.evaluations) == [3, 3, 9])
    }
}
