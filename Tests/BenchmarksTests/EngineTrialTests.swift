import Benchmarks
import LinearAlgebra
import Testing

@Suite("EngineBenchmark")
struct EngineBenchmarkTests {
    @Test(arguments: ElementType.allCases)
    func tinyBatchIsMeasured(type: ElementType) throws {
        let shape = BatchShape(layers: 3, examples: 8, features: 20)
        let row = try EngineBenchmark(threadCount: 1, rounds: 1, inFlight: 2, roundSeconds: 0).row(
            "engine",
            shape,
            type
        )
        #expect(row.dtype == type.rawValue)
        #expect(row.seconds > 0)
        #expect(try #require(row.floorSeconds) > 0)
        #expect(row.ratio == row.floorSeconds.map { $0 / row.seconds })
    }

    @Test func gramMatricesAreMeasured() throws {
        let shape = BatchShape(layers: 3, examples: 8, features: nil)
        let benchmark = EngineBenchmark(threadCount: 2, rounds: 1, inFlight: 2, roundSeconds: 0)
        #expect(try benchmark.row("pairs", shape, .float32).seconds > 0)
        #expect(try benchmark.productRow("pairs-product", shape, .float32).seconds > 0)
    }
}
