import Benchmarks
import Testing
import WireFormat

@Suite("BenchmarkReport")
struct BenchmarkReportTests {
    private let report = BenchmarkReport(rows: [
        BenchmarkRow(
            bench: "engine",
            layers: 50,
            examples: 256,
            features: 4096,
            dtype: "BF16",
            seconds: 0.125,
            floorSeconds: 0.09375,
            details: ["gflops": 107.25, "threads": 2]
        ),
        BenchmarkRow(
            bench: "memory",
            layers: 1,
            examples: 4,
            features: nil,
            dtype: "F32",
            seconds: 2,
            floorSeconds: nil,
            details: ["note": "none"]
        ),
    ])

    @Test func programsReadRows() {
        let engine =
            #"{"bench":"engine","layers":50,"examples":256,"features":4096,"dtype":"BF16","seconds":0.125,"#
            + #""floor_seconds":0.09375,"ratio":0.75,"gflops":107.25,"threads":2}"#
        let memory =
            #"{"bench":"memory","layers":1,"examples":4,"features":null,"dtype":"F32","seconds":2.0,"#
            + #""floor_seconds":null,"ratio":null,"note":"none"}"#
        #expect(self.report.json.text == #"{"rows":[\#(engine),\#(memory)]}"#)
    }

    @Test func peopleReadColumns() {
        let expected = """
            BENCH   LAYERS  EXAMPLES  FEATURES  DTYPE  SECONDS    FLOOR  RATIO
            engine      50       256      4096  BF16   0.12500  0.09375  0.750  gflops 107.250, threads 2
            memory       1         4         –  F32      2.000        –      –  note none
            """
        #expect(self.report.table == expected)
    }
}
