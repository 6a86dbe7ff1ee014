public import WireFormat

extension MatrixSnapshot {
    /// Reads the answer to a `snapshot` request.
    ///
    /// - Parameters:
    ///   - header: The `result` of the reply.
    ///   - frames: The frames that follow it, of little-endian doubles: `cka`, `stderr` and `hsic`. Where groups were asked
    ///     for, the header says how many there are, and three frames follow: *L* dominances, *G* × *L* × *L* products and
    ///     *G* × *L* traces. Where first components were asked for and are there, three more follow: *L* fractions,
    ///     *L* × *L* alignments, and *L* × *L* similarities without the components. The header's `frames` names all
    ///     frames; a daemon that does not say so sends no components.
    /// - Throws: ``SnapshotError`` where the header or the frames do not fit.
    public init(controlReply header: JSONObject, frames: [[UInt8]]) throws(SnapshotError) {
        let hasComponents = Self.namesFirstComponents(header)
        let otherCount = frames.count - (hasComponents ? 3 : 0)
        guard otherCount == 3 || otherCount == 6 else { throw .frameCount(frames.count) }
        let header = try SnapshotHeader(header)
        let count = header.layers.count
        try Self.checkLayout(of: header)

        var groups: GroupSums?
        if otherCount == 6 {
            guard let groupCount = header.object["groups"]?.exactInteger, (0...1 << 20).contains(groupCount) else {
                throw .header(key: "groups", expected: "the number of groups")
            }
            groups = GroupSums(
                count: groupCount,
                products: try Self.values("groups", frames[4], shape: [groupCount, count, count]),
                traces: try Self.values("traces", frames[5], shape: [groupCount, count])
            )
        }
        var components: FirstComponents?
        if hasComponents {
            components = FirstComponents(
                fractions: try Self.values("pc1_fraction", frames[otherCount], shape: [count]),
                alignments: try Self.values("pc1_alignment", frames[otherCount + 1], shape: [count, count]),
                similarities: try Self.values("pc1_cka_without", frames[otherCount + 2], shape: [count, count])
            )
        }
        try self.init(
            header: header,
            cka: try Self.values("cka", frames[0], shape: [count, count]),
            standardErrors: try Self.values("stderr", frames[1], shape: [count, count]),
            hsic: try Self.values("hsic", frames[2], shape: [count, count]),
            groups: groups,
            firstComponents: components
        )
    }

    /// Reads a published matrix.
    ///
    /// - Parameter frames: All frames of the message: the topic, the header, `cka` and `stderr`.
    /// - Throws: ``SnapshotError`` where the header or the frames do not fit.
    public init(publishedFrames frames: [[UInt8]]) throws(SnapshotError) {
        guard frames.count == 4 else { throw .frameCount(frames.count) }
        let header = try SnapshotHeader(try JSONObject(parsing: frames[1]))
        let count = header.layers.count
        try Self.checkLayout(of: header)
        try self.init(
            header: header,
            cka: try Self.values("cka", frames[2], shape: [count, count]),
            standardErrors: try Self.values("stderr", frames[3], shape: [count, count])
        )
    }

    /// Refuses frames whose header says that they hold something else than *L* × *L* doubles.
    private static func checkLayout(of header: SnapshotHeader) throws(SnapshotError) {
        let count = header.layers.count
        if let type = header.object["dtype"], type != "F64" {
            throw .header(key: "dtype", expected: "\"F64\"")
        }
        if let shape = header.object["shape"], shape != .array([.integer(count), .integer(count)]) {
            throw .header(key: "shape", expected: "[\(count), \(count)]")
        }
    }

    /// Whether a header says that the last three frames are those of the first components.
    private static func namesFirstComponents(_ header: JSONObject) -> Bool {
        guard case .array(let names)? = header["frames"] else { return false }
        return names.suffix(3) == ["pc1_fraction", "pc1_alignment", "pc1_cka_without"]
    }

    private static func values(_ name: String, _ frame: [UInt8], shape: [Int]) throws(SnapshotError) -> [Double] {
        guard frame.count == 8 * shape.reduce(1, *) else {
            throw .size(of: name, expected: shape.map(String.init).joined(separator: " × ") + " doubles")
        }
        return Float64Bytes.decode(frame[...])
    }
}
