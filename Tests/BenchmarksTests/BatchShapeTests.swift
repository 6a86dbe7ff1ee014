import Benchmarks
import LinearAlgebra
import Testing

@Suite("BatchShape")
struct BatchShapeTests {
    @Test func textNamesLayersExamplesAndFeatures() {
        #expect(BatchShape("50x256x4096") == BatchShape(layers: 50, examples: 256, features: 4096))
        #expect(BatchShape("200x64") == BatchShape(layers: 200, examples: 64, features: nil))
    }

    @Test(arguments: ["", "5", "5x", "x8x2", "5x8x2x1", "5x3x2", "0x8x2", "5x8x0", "5x8x-2", "5 x 8", "axb"])
    func otherTextIsNoShape(text: String) {
        #expect(BatchShape(text) == nil)
    }

    /// Multiplications and additions, counted in loops over one triangle, its diagonal half.
    @Test(arguments: [
        BatchShape(layers: 3, examples: 5, features: 7), BatchShape(layers: 4, examples: 6, features: nil),
    ])
    func operationsAreThoseOfOneTriangle(shape: BatchShape) {
        var gram = 0.0
        var pairs = 0.0
        for first in 0..<shape.layers {
            for row in 0..<shape.examples {
                for column in 0...row {
                    gram += (row == column ? 1 : 2) * Double(shape.features ?? 0)
                }
            }
            for second in 0...first {
                for row in 0..<shape.examples {
                    pairs += (first == second ? 1 : 2) * Double(row)
                }
            }
        }
        #expect(shape.gramOperationCount == gram)
        #expect(shape.pairOperationCount == pairs)
        #expect(shape.operationCount == gram + pairs)
    }

    @Test func bytesAreThoseOfAllTensors() {
        #expect(BatchShape(layers: 2, examples: 5, features: 7).byteCount(.bfloat16) == 140)
        #expect(BatchShape(layers: 2, examples: 5, features: nil).byteCount(.float64) == 240)
    }
}
