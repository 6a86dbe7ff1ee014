internal import Monitoring
internal import Publishing
internal import Similarity
internal import WireFormat
internal import ZeroMQ

/// The answer to `snapshot`: the header of a published matrix, and its numbers.
///
/// The frames are CKA, its standard error and HSIC, each *L* × *L*. With groups, three more follow:
/// the dominance of each layer, the products of each group, *G* × *L* × *L*, and its traces, *G* × *L*. With first
/// components, as far as the window has them, three more follow behind those: their fraction, *L*, their alignment and CKA
/// without them, both *L* × *L*. The header's `frames` names them all.
struct SnapshotMessage {
    let header: JSONObject
    let frames: [Frame]

    init(_ reading: WindowReading, identity: DaemonIdentity, withGroups: Bool, withFirstComponents: Bool) {
        let matrix = reading.sums.matrix()
        let envelope = Envelope(epoch: identity.epoch, seq: 0, time: unixTime())
        var header = envelope.header(MatrixHeader(reading).json(for: matrix))
        header["seq"] = nil
        var names: [JSONValue] = ["cka", "stderr", "hsic"]
        var frames = [Frame(matrix.values), Frame(matrix.standardErrors), Frame(matrix.hsic)]
        if withGroups {
            let groups = reading.sums.errorGroups ?? reading.sums.groups
            header["groups"] = .integer(groups.count)
            frames.append(Frame(matrix.dominance))
            frames.append(Frame(groups.flatMap(\.squareProducts)))
            frames.append(Frame(groups.flatMap(\.traces)))
            names += ["dominance", "groups", "traces"]
        }
        let components = reading.sums.firstComponentMatrices()
        header["pc1"] =
            components.map {
                .object(MatrixHeader(reading).summary(of: $0, dominantExamples: reading.dominantExamples))
            } ?? .null
        if withFirstComponents, let components {
            frames.append(Frame(components.fractions))
            frames.append(Frame(components.alignments))
            frames.append(Frame(components.similarities))
            names += ["pc1_fraction", "pc1_alignment", "pc1_cka_without"]
        }
        header["frames"] = .array(names)
        self.header = header
        self.frames = frames
    }
}

extension HSICAccumulator {
    /// The products as a whole matrix, row by row.
    fileprivate var squareProducts: [Double] {
        let count = self.layerCount
        var square = [Double](repeating: 0, count: count * count)
        var place = 0
        for row in 0..<count {
            for column in row..<count {
                square[row * count + column] = self.products[place]
                square[column * count + row] = self.products[place]
                place += 1
            }
        }
        return square
    }
}
