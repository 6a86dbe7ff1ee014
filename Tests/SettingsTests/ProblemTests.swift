import Settings
import Testing

/// Every mistake that an operator can make, and the whole of what he is told.
@Suite("Problems")
struct ProblemTests {
    static func problems(in yaml: String, environment: [String: String] = [:]) -> String {
        do {
            _ = try Settings(yaml: yaml, file: "livecka.yaml", environment: environment)
            return "no problem"
        } catch {
            return error.description
        }
    }

    @Test(arguments: Mistakes.all)
    func oneMistakeIsOneLine(yaml: String, expected: String) {
        #expect(Self.problems(in: yaml) == expected)
    }

    @Test func allMistakesAreToldAtOnceInTheOrderOfTheFile() {
        let yaml = """
            limits:
              memory: 1GiB
              message: 2GiB
            windows:
              - {name: recent, kind: sliding, batches: 60}
            publish:
              intervall: 1s
            http: {port: web}
            """
        let environment = ["LIVECKA_STALE_AFTER": "60", "LIVECKA_ENGINE_THREADS": "-1", "HOME": "/home/u"]
        #expect(
            Self.problems(in: yaml, environment: environment) == """
                livecka.yaml:3: limits.message: 2GiB is above limits.memory (1GiB); use 1GiB or less
                livecka.yaml:5: windows[0].batches: 60 is not a multiple of 8; use 56 or 64
                livecka.yaml:7: publish.intervall: unknown key; did you mean interval?
                livecka.yaml:8: http.port: "web" is not a whole number; write a whole number from 0 to 65535
                LIVECKA_ENGINE_THREADS: engine.threads: -1 is too small; write a whole number from 0 to 1024
                LIVECKA_STALE_AFTER: stale_after: 60 has no unit; write a whole number and its unit, such as 250ms, 1s, 5m, 2h or 30d
                """
        )
    }

    @Test func aProblemCarriesItsParts() throws {
        let error = try #require(throws: SettingsError.self) {
            try Settings(yaml: "http:\n  port: 70000", file: "livecka.yaml")
        }
        let problem = try #require(error.problems.first)
        #expect(problem.origin == .place(file: "livecka.yaml", line: 2, column: 9))
        #expect(problem.key == "http.port")
        #expect(problem.reason == "70000 is too large")
        #expect(problem.remedy == "write a whole number from 0 to 65535")
    }

    @Test func anAliasIsBlamedWhereItsAnchorStands() {
        let yaml = "state:\n  checkpoint: &soon 1\npublish:\n  interval: *soon"
        let remedy = "write a whole number and its unit, such as 250ms, 1s, 5m, 2h or 30d"
        #expect(
            Self.problems(in: yaml) == """
                livecka.yaml:2: state.checkpoint: 1 has no unit; \(remedy)
                livecka.yaml:2: publish.interval: 1 has no unit; \(remedy)
                """
        )
    }
}
