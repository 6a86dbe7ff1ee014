import Testing
import WireFormat

@testable import Monitoring

@Suite("LayerOrder")
struct LayerOrderTests {
    /// Orders the layers of parts, each of which is named by its number, its layers, and their indices.
    private func order(_ parts: [(number: Int, layers: [String], indices: [Int]?)]) -> LayerOrder? {
        LayerOrder(
            parts.map { part in
                let header = BatchHeader.example(
                    layers: part.layers,
                    indices: part.indices,
                    part: part.number,
                    partCount: parts.count
                )
                return LayerOrder.Part(header)
            }
        )
    }

    @Test func layersOfAWholeBatchStayAsTheyCome() throws {
        let order = try #require(self.order([(0, ["b", "a", "c"], nil)]))
        #expect(order.names == ["b", "a", "c"])
        #expect(order.arrivals == [0, 1, 2])
    }

    @Test func indicesComeBeforePlaces() throws {
        let order = try #require(self.order([(0, ["b", "a", "c"], [20, 5, 10])]))
        #expect(order.names == ["a", "c", "b"])
        #expect(order.arrivals == [1, 2, 0])
    }

    /// The tensors wait in the order of their coming, which is not that of the parts.
    @Test func partsAreInTheirOrderHoweverTheyCome() throws {
        let order = try #require(self.order([(2, ["e"], nil), (0, ["a", "b"], nil), (1, ["c", "d"], nil)]))
        #expect(order.names == ["a", "b", "c", "d", "e"])
        #expect(order.arrivals == [1, 2, 3, 4, 0])
    }

    /// A layer without an index is at its place in the whole list.
    @Test func somePartsMayHaveIndices() throws {
        let order = try #require(self.order([(1, ["x", "y"], [0, 7]), (0, ["b", "c"], [1, 2]), (2, ["e"], nil)]))
        #expect(order.names == ["x", "b", "c", "e", "y"])
        #expect(order.arrivals == [0, 2, 3, 4, 1])
    }

    @Test func oneIndexTwiceIsNoOrder() {
        #expect(self.order([(0, ["a", "b"], [3, 3])]) == nil)
        #expect(self.order([(0, ["a"], [3]), (1, ["b"], [3])]) == nil)
        // The second layer is at place 1.
        #expect(self.order([(0, ["a"], [1]), (1, ["b"], nil)]) == nil)
    }
}

@Suite("BatchAssembly")
struct BatchAssemblyTests {
    /// What becomes of the last of some parts, all of which but this one are accepted.
    private func reception(of parts: [BatchHeader]) -> BatchAssembly.Reception {
        let id = BatchID(run: .example, number: 0)
        var assembly = BatchAssembly(batch: id, header: parts[0], owner: nil, now: .zero)
        for part in parts.dropLast() {
            #expect(assembly.receive(part) == .accepted)
        }
        return assembly.receive(parts[parts.count - 1])
    }

    @Test func wholeBatchIsComplete() {
        #expect(self.reception(of: [.example(seq: 0)]) == .completed)
    }

    @Test func lastPartCompletesTheBatch() {
        let parts = (0..<3).map { BatchHeader.example(seq: 0, layers: ["\($0)"], part: $0, partCount: 3) }
        #expect(self.reception(of: parts.reversed()) == .completed)
    }

    @Test func oneLayerInTwoPartsIsInconsistent() {
        let parts = (0..<2).map { BatchHeader.example(seq: 0, layers: ["a", "\($0)"], part: $0, partCount: 3) }
        #expect(self.reception(of: parts) == .inconsistent)
    }

    @Test(arguments: [3, 5])
    func announcedNumberOfLayersMustCome(layerCount: Int) {
        let parts = (0..<2).map { part in
            BatchHeader.example(
                seq: 0,
                layers: ["a\(part)", "b\(part)"],
                layerCount: part == 0 ? layerCount : nil,
                part: part,
                partCount: 2
            )
        }
        #expect(self.reception(of: parts) == .inconsistent)
    }

    @Test func partThatComesAgainIsToldFromOneThatSaysSomethingElse() {
        let part = BatchHeader.example(seq: 0, layers: ["a"], part: 0, partCount: 2)
        #expect(self.reception(of: [part, part]) == .repeated)
        let other = BatchHeader.example(step: 1, seq: 0, layers: ["a"], part: 0, partCount: 2)
        #expect(self.reception(of: [part, other]) == .repeatedDifferently)
    }
}
