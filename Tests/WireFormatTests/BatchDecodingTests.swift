import LinearAlgebra
import Testing
import WireFormat

@Suite("Decoding batches")
struct BatchDecodingTests {
    @Test func goodBatchIsReadInFull() throws {
        let specimen = Specimen.batch.with([
            "batch": 3, "batches": 5, "probe": "digits", "examples": [0, -1, "x", 3, 4, 5, 6, 7],
            "labels": [0, 1, 2, 3, 4, 5, 6, -7], "predictions": [7, 6, 5, 4, 3, 2, 1, 0], "rank": 0, "world": 2,
            "time": 1.5, "phase": "checkpoint", "layers": 3,
        ])
        let run = try #require(RunID("r"))
        let expected = BatchHeader(
            run: run,
            step: 12,
            session: SessionID(Specimen.session),
            seq: 7,
            dropped: 2,
            layerCount: 3,
            batchIndex: 3,
            batchCount: 5,
            probe: "digits",
            examples: [
                .integer(0), .integer(-1), .string("x"), .integer(3), .integer(4), .integer(5), .integer(6),
                .integer(7),
            ],
            labels: [0, 1, 2, 3, 4, 5, 6, -7],
            predictions: [7, 6, 5, 4, 3, 2, 1, 0],
            rank: 0,
            world: 2,
            time: 1.5,
            phase: .checkpoint,
            tensors: [
                TensorDescription(
                    layer: "a",
                    elementType: .float32,
                    exampleCount: 8,
                    payload: .activations(featureCount: 16),
                    byteCount: 512
                ),
                TensorDescription(
                    layer: "b",
                    elementType: .bfloat16,
                    exampleCount: 8,
                    payload: .activations(featureCount: 6),
                    byteCount: 96
                ),
                TensorDescription(
                    layer: "c",
                    elementType: .float64,
                    exampleCount: 8,
                    payload: .gram(isPacked: false),
                    byteCount: 512
                ),
            ],
            exampleCount: 8
        )
        #expect(specimen.batchHeader == expected)
        #expect(specimen.decode().run == run)
    }

    /// Six lines of any language are enough for an emitter.
    @Test func smallestBatchHasDefaults() throws {
        let header = Array(
            #"{"v":1,"type":"batch","run":"r","step":0,"tensors":[{"layer":"a","dtype":"F32","shape":[4,1]}]}"#.utf8
        )
        guard case .batch(let batch) = decodeMessage(header: header, frameSizes: [16]).content else {
            Issue.record("The smallest batch was refused")
            return
        }
        #expect(batch.session == nil)
        #expect(batch.seq == nil)
        #expect(batch.layerCount == 1)
        #expect(batch.part == 0)
        #expect(batch.partCount == 1)
        #expect(batch.exampleCount == 4)
    }

    @Test(
        arguments: [
            ["dropped": .null, "layers": .null, "part": .null, "parts": .null, "probe": .null, "labels": .null],
            ["v": 1.0, "step": 12.0, "seq": 7.0], ["step": 0], ["step": .integer(1 << 53), "seq": .integer(1 << 53)],
            ["unknown": 5, "": [], "shape": "x"], ["session": nil], ["seq": nil], ["session": nil, "seq": nil],
            ["part": 0, "parts": 1], ["part": 1, "parts": 2], ["part": 1, "parts": 2, "layers": 9],
            ["rank": 3], ["world": 3], ["batch": 3], ["batches": 3], ["time": -0.5],
            ["probe": .string(String(repeating: "x", count: 256))],
        ] as [[String: JSONValue?]]
    )
    func variantIsAccepted(members: [String: JSONValue?]) {
        #expect(Specimen.batch.with(members).rejection == nil)
    }

    @Test func layerCountOfAPartIsUnknownUnlessItSays() {
        #expect(Specimen.batch.with(["part": 0, "parts": 2]).batchHeader?.layerCount == nil)
        #expect(Specimen.batch.with(["part": 0, "parts": 2, "layers": 9]).batchHeader?.layerCount == 9)
    }

    @Test(
        arguments: [
            ([8], 8 * 4, .activations(featureCount: 1)), ([8.0, 2], 16 * 4, .activations(featureCount: 2)),
            ([8, 1, 1, 5], 40 * 4, .activations(featureCount: 5)),
        ] as [(JSONValue, Int, TensorDescription.Payload)]
    )
    func shapeIsFlattened(shape: JSONValue, byteCount: Int, payload: TensorDescription.Payload) {
        let specimen = Specimen.batch.withTensor("shape", shape).with { $0.frameSizes[0] = byteCount }
        #expect(specimen.batchHeader?.tensors[0].payload == payload)
        #expect(specimen.batchHeader?.tensors[0].byteCount == byteCount)
    }

    @Test(arguments: [4, 5, 8, 100, 1023, 4096])
    func packedTriangleTellsItsSide(exampleCount: Int) throws {
        let count = exampleCount * (exampleCount + 1) / 2
        let tensor: JSONValue = [
            "layer": "a", "dtype": "F16", "shape": [.integer(count)], "kind": "gram", "packed": true, "index": 5,
        ]
        let specimen = Specimen.batch.with { $0.frameSizes = [2 * count] }.with(["tensors": [tensor]])
        let header = try #require(specimen.batchHeader)
        #expect(header.exampleCount == exampleCount)
        #expect(header.tensors[0].payload == .gram(isPacked: true))
        #expect(header.tensors[0].index == 5)
    }

    @Test func manyTensorsAreReadInOrder() {
        let tensors = (0..<4096).map { index -> JSONValue in
            ["layer": .string("layer.\(index)"), "dtype": "F16", "shape": [4, 3]]
        }
        let specimen = Specimen.batch.with(["tensors": .array(tensors)])
            .with { $0.frameSizes = Array(repeating: 24, count: 4096) }
        #expect(specimen.batchHeader?.tensors.map(\.layer) == (0..<4096).map { "layer.\($0)" })
    }
}
