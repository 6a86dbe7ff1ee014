import Snapshots
import Testing
import WireFormat

@Suite struct SnapshotFilesTests {
    @Test func firstComponentsStandUnderOneKey() throws {
        let expected = #"""
            "pc1":{"batches":3,
            "undefined":{"a,\"b\"":"no_gap"},
            "dominant_examples":[],
            "fraction":[0.75,null],
            "alignment":[
            [1.0,null],
            [null,null]],
            "cka_without":[
            [0.5,null],
            [null,null]]},
            """#
        #expect(try text(of: .exampleWithFirstComponents(), as: .json).contains(expected))
    }

    @Test(arguments: [SnapshotFormat.DataFormat.json, .safetensors])
    func firstComponentsComeBackFromAFile(format: SnapshotFormat.DataFormat) throws {
        let snapshot = try MatrixSnapshot.exampleWithFirstComponents()
        try withTemporaryDirectory { directory in
            let path = "\(directory)/m.\(format == .json ? "json" : "safetensors")"
            try snapshot.write(to: path, as: format)
            let again = try MatrixSnapshot(contentsOf: path)
            let components = try #require(again.firstComponents)
            #expect(components.fractions[0] == 0.75 && components.fractions[1].isNaN)
            #expect(components.alignments[0] == 1 && components.similarities[0] == 0.5)
            #expect(components.alignments[1].isNaN && components.similarities.count == 4)
            #expect(again.header.object["pc1"] == snapshot.header.object["pc1"])
        }
    }

    @Test func jsonHasTheContractsKeysFirst() throws {
        let expected = #"""
            {
            "run":"7",
            "window":"recent",
            "generation":1,
            "step_first":0,
            "step_last":66,
            "batches":64,
            "examples":4096,
            "missing":null,
            "layers":["stem","a,\"b\""],
            "cka":[
            [1.0,null],
            [null,null]],
            "stderr":[
            [0.001953125,null],
            [null,null]],
            "hsic":[
            [1e-300,-0.5],
            [-0.5,0.0]],
            "dominance":[0.5,null],
            "accounting":{"attempted":64,"rejected":{},"lost":0},
            "v":1,
            "kind":"sliding",
            "effective_batches":12.5,
            "complete":true,
            "estimator":"hsic1",
            "undefined":{"a,\"b\"":"constant"},
            "largest_batch_share":[0.25,null]
            }

            """#
        #expect(try text(of: .example(), as: .json) == expected)
    }

    @Test func jsonOnOneLineHoldsTheSame() throws {
        let snapshot = try MatrixSnapshot.example()
        let line = String(decoding: snapshot.json(), as: UTF8.self)
        #expect(try text(of: snapshot, as: .json).split(separator: "\n").joined() == line)
    }

    @Test func whatIsNotKnownIsNull() throws {
        let header = try SnapshotHeader(["layers": []])
        let snapshot = try MatrixSnapshot(header: header, cka: [], standardErrors: [])
        #expect(
            String(decoding: snapshot.json(), as: UTF8.self) == """
                {"run":null,"window":null,"generation":null,"step_first":null,"step_last":null,"batches":null,\
                "examples":null,"missing":null,"layers":[],"cka":[],"stderr":[],"hsic":null,"dominance":[],\
                "accounting":null}
                """
        )
    }

    @Test func csvQuotesNamesAndLeavesUndefinedFieldsEmpty() throws {
        #expect(
            try text(of: .example(), as: .csv) == #"""
                ,stem,"a,""b"""
                stem,1.0,
                "a,""b""",,

                """#
        )
    }

    @Test(arguments: [SnapshotFormat.DataFormat.json, .safetensors])
    func aSavedMatrixIsReadBackBitForBit(format: SnapshotFormat.DataFormat) throws {
        try withTemporaryDirectory { directory in
            let path = "\(directory)/matrix.\(format.rawValue)"
            let snapshot = try MatrixSnapshot.example()
            try snapshot.write(to: path, as: format)
            let copy = try MatrixSnapshot(contentsOf: path)
            #expect(copy.isIdentical(to: snapshot))
            #expect(copy.groups == (format == .safetensors ? snapshot.groups : nil))

            var header = snapshot.header.object
            header["dtype"] = nil
            header["shape"] = nil
            #expect(copy.header.object == header)
        }
    }

    @Test func safetensorsHoldTheMatricesByName() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/matrix.safetensors"
            try MatrixSnapshot.example().write(to: path, as: .safetensors)
            let file = try SafetensorsFile(parsing: AtomicFile.contents(of: path))
            #expect(file.tensors.map(\.name) == ["cka", "stderr", "hsic", "dominance", "groups", "traces"])
            #expect(file.tensors.map(\.shape) == [[2, 2], [2, 2], [2, 2], [2], [2, 2, 2], [2, 2]])
            #expect(file.tensors.allSatisfy { $0.elementType == .float64 })
            #expect(file["traces"].map { Array($0.bytes) } == bytes([10, 20, 30, 40]))
            let metadata = Dictionary(uniqueKeysWithValues: file.metadata)
            #expect(metadata["run"] == "\"7\"")
            #expect(metadata["window"] == "recent")
            #expect(metadata["batches"] == "64")
            #expect(metadata["layers"] == #"["stem","a,\"b\""]"#)
        }
    }

    @Test(arguments: ["a.csv", "a.svg", "a.png"])
    func aFormatWithoutEverythingIsNotRead(name: String) {
        #expect(throws: SnapshotError.notReadable(path: name)) { try MatrixSnapshot(contentsOf: name) }
    }

    @Test(arguments: [
        #"{"layers": ["a"]}"#, #"{"layers": ["a"], "cka": [1]}"#, #"{"layers": ["a"], "cka": [[1, 2]]}"#,
        #"{"layers": ["a"], "cka": [["1"]]}"#, #"{"layers": ["a"], "cka": [[1]], "hsic": [[]]}"#, #"{"cka": []}"#, "[",
        "",
    ])
    func aDamagedFileIsAnError(text: String) throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/matrix.json"
            var file = try AtomicFile(replacing: path)
            try file.write(Array(text.utf8))
            try file.commit()
            #expect(throws: SnapshotError.self) { try MatrixSnapshot(contentsOf: path) }
        }
    }

    @Test func aMatrixOfOthersIsReadWithWhatItHas() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/matrix.json"
            var file = try AtomicFile(replacing: path)
            try file.write(Array(#"{"layers": ["a", "b"], "cka": [[1, 0.5], [0.5, 1]]}"#.utf8))
            try file.commit()
            let snapshot = try MatrixSnapshot(contentsOf: path)
            #expect(snapshot.cka == [1, 0.5, 0.5, 1])
            #expect(snapshot.standardErrors.allSatisfy { $0.isNaN })
            #expect(snapshot.hsic == nil)
            #expect(snapshot.header.run == nil)
        }
    }

    @Test func layersWithoutNamesAreCalledByTheirPositions() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/matrix.json"
            var file = try AtomicFile(replacing: path)
            try file.write(Array(#"{"cka": [[1, 0.5], [0.5, 1]]}"#.utf8))
            try file.commit()
            #expect(try MatrixSnapshot(contentsOf: path).layers == ["0", "1"])
        }
    }

    /// 1, 0.5, 0.5 and 1 in the formats of IEEE 754 and in bfloat16.
    @Test(arguments: [
        (SafetensorsElementType.float16, [0, 0x3C, 0, 0x38, 0, 0x38, 0, 0x3C]),
        (.bfloat16, [0x80, 0x3F, 0, 0x3F, 0, 0x3F, 0x80, 0x3F]),
        (.float32, [0, 0, 0x80, 0x3F, 0, 0, 0, 0x3F, 0, 0, 0, 0x3F, 0, 0, 0x80, 0x3F]),
    ])
    func tensorsOfAnyPrecisionAreRead(type: SafetensorsElementType, numbers: [UInt8]) throws {
        let dominance = SafetensorsFile.Tensor(
            name: "dominance",
            elementType: .float64,
            shape: [2],
            bytes: bytes([0.25, .nan])[...]
        )
        let cka = SafetensorsFile.Tensor(name: "cka", elementType: type, shape: [2, 2], bytes: numbers[...])
        let snapshot = try Self.snapshot(of: [cka, dominance])
        #expect(snapshot.cka == [1, 0.5, 0.5, 1])
        #expect(snapshot.layers == ["0", "1"])
        #expect(snapshot.header.dominance[0] == 0.25)
        #expect(snapshot.header.dominance[1].isNaN)
        #expect(snapshot.standardErrors.allSatisfy { $0.isNaN })
        #expect(snapshot.groups == nil)
    }

    @Test(arguments: [[2, 1], [4], [1 << 40, 0], []])
    func aTensorThatIsNoSquareIsNoMatrix(shape: [Int]) {
        let count = shape.reduce(1, *)
        let cka = SafetensorsFile.Tensor(
            name: "cka",
            elementType: .float64,
            shape: shape,
            bytes: bytes(Array(repeating: 1, count: count))[...]
        )
        let error = #expect(throws: SnapshotError.self) { try Self.snapshot(of: [cka]) }
        #expect(error?.description == "The matrix is damaged: 'cka' must have as many columns as rows")
    }

    @Test func aFileWithoutCKAIsNoMatrix() {
        let error = #expect(throws: SnapshotError.self) { try Self.snapshot(of: []) }
        #expect(error?.description == "The matrix cannot be read: it has no tensor 'cka'")
    }

    private static func snapshot(of tensors: [SafetensorsFile.Tensor]) throws -> MatrixSnapshot {
        var snapshot: MatrixSnapshot?
        try withTemporaryDirectory { directory in
            let path = directory + "/matrix.safetensors"
            var file = try AtomicFile(replacing: path)
            try SafetensorsFile(tensors: tensors).write(to: &file)
            try file.commit()
            snapshot = try MatrixSnapshot(contentsOf: path)
        }
        return try #require(snapshot)
    }

    @Test func aMissingFileIsAnErrorWithItsName() {
        let error = #expect(throws: SnapshotError.self) { try MatrixSnapshot(contentsOf: "/nowhere/matrix.json") }
        #expect(error?.description == "Could not open '/nowhere/matrix.json': No such file or directory")
    }

    private func text(of snapshot: MatrixSnapshot, as format: SnapshotFormat.DataFormat) throws -> String {
        var text = ""
        try withTemporaryDirectory { directory in
            try snapshot.write(to: directory + "/file", as: format)
            text = String(decoding: try AtomicFile.contents(of: directory + "/file"), as: UTF8.self)
        }
        return text
    }
}
